/** The answers of gcc 12 to `__has_attribute` and its kin. */
/** What gcc 12 answers to __has_attribute and the like; attributes that it lacks and the kernel asks for. */
const lackedAttributes = new Set([
  'btf_type_tag',
  'btf_decl_tag',
  'counted_by',
  'pass_object_size',
  'overloadable',
  'diagnose_if',
  'disable_tail_calls',
  'no_sanitize_memory',
  'no_profile_instrument',
  'uninitialized_unknown',
  'diagnose_as_builtin',
  'assume',
  'guarded_by',
  'context_lock',
  'counted_by_or_null',
  'nonstring_array',
  'nocf_check_icall',
  'enable_if',
  'capability',
]);

export function answerOf(operator: string, name: string): string {
  const plain = name.replace(/^__(.*)__$/, '$1');
  if (operator === '__has_feature' || operator === '__has_extension' || operator === '__has_warning') return '0';
  if (operator === '__has_builtin') return builtinsLacked.has(name) ? '0' : '1';
  return lackedAttributes.has(plain) ? '0' : '1';
}

const builtinsLacked = new Set([
  '__builtin_counted_by_ref',
  '__builtin_infer_alloc_token',
  '__builtin_types_compatible',
  '__builtin_bit_cast',
]);
