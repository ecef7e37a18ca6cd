/**
 * The closed table of findings: id, severity, one line. Ids are stable: they are in the JSON, in replies, and each has a
 * page docs/rules/<id>.md; a test holds the table and the pages equal.
 *
 * Severity is how much a reader must care where a promise is enforced: `error` is old modules failing or corrupting
 * memory, `warning` is something to decide, `info` is a fact.
 */
export const ruleTable = {
  'member-added-in-hole': { severity: 'info', text: 'a new member fills a hole: nothing moves' },
  'member-added-at-end': { severity: 'warning', text: 'a new member at the end of a type: its size may grow' },
  'member-inserted': { severity: 'error', text: 'a new member before others: what follows moves' },
  'member-removed': { severity: 'error', text: 'a member is gone' },
  'member-moved': { severity: 'error', text: 'a member has another offset' },
  'member-retyped': { severity: 'warning', text: 'a member has another type' },
  'member-renamed': { severity: 'warning', text: 'a member has another name at the same place' },
  'reserved-slot-used': { severity: 'info', text: 'a reserved slot is used as intended' },
  'bitfield-changed': { severity: 'warning', text: 'a bit-field changed its width or its unit' },
  'array-resized': { severity: 'error', text: 'an array member has another number of elements' },
  'size-changed': { severity: 'error', text: 'a type has another size' },
  'align-changed': { severity: 'error', text: 'a type has another alignment' },
  'enum-value-changed': { severity: 'error', text: 'an enumerator has another value' },
  'enum-value-added': { severity: 'info', text: 'an enumeration has a new enumerator' },
  'cacheline-moved': { severity: 'info', text: 'a member is in another cache line' },
  'crc-changed': { severity: 'error', text: 'an exported symbol has another version' },
  'crc-cosmetic': {
    severity: 'warning',
    text: 'a symbol version changes though no layout, value or prototype does',
  },
  'type-became-defined': { severity: 'warning', text: 'an #include made an opaque type visible to genksyms' },
  'export-unversioned': { severity: 'warning', text: "the tree's own version tool would not version this export" },
  'config-drift': { severity: 'info', text: 'caused by the configuration, not by this series' },
  'export-removed': { severity: 'error', text: 'an exported symbol is gone' },
  'export-added': { severity: 'info', text: 'a new exported symbol' },
  'export-license-changed': { severity: 'warning', text: 'an export became, or is no longer, GPL only' },
  'export-namespace-changed': { severity: 'warning', text: 'an export is in another symbol namespace' },
  'prototype-changed': { severity: 'error', text: 'a function that modules may call has another prototype' },
  'inline-body-changed': {
    severity: 'info',
    text: "a header's inline function or macro changed; modules carry the old body",
  },
  'attribute-hidden': {
    severity: 'error',
    text: 'packing or alignment changed where genksyms does not look',
  },
  'enum-array-bound': { severity: 'error', text: 'an enumerator silently resized an array' },
  'ops-slot-added': { severity: 'warning', text: 'a callback slot in a struct that modules define statically' },
  'guard-honest': { severity: 'info', text: 'what the guard hides is harmless' },
  'guard-hides-break': { severity: 'error', text: 'the guard hides an incompatible change' },
  'guard-embedder': { severity: 'error', text: 'honest for the struct itself, but a struct that embeds it moves' },
  'guard-stale-branch': { severity: 'error', text: 'the genksyms branch does not reproduce the old declaration' },
  'guard-useless': { severity: 'info', text: 'nothing that is exported reaches what the guard hides' },
  'guard-unbalanced': { severity: 'warning', text: 'a guard without its #endif, or an #endif without its guard' },
} as const satisfies Record<string, { severity: 'info' | 'warning' | 'error'; text: string }>;

export type RuleId = keyof typeof ruleTable;
