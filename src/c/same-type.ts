/** Whether two types are the same to C: compatible, once typedefs are followed and outer qualifiers forgotten. */
import { stripped, type Type } from './type.js';

/** As `__builtin_types_compatible_p`: records and enums are the same only where they are one definition. */
export function sameType(left: Type, right: Type, depth = 0): boolean {
  const a = stripped(left);
  const b = stripped(right);
  if (a === b) return true;
  if (a.kind !== b.kind || depth > 100) return false;
  switch (a.kind) {
    case 'void':
    case 'va_list':
      return true;
    case 'integer':
    case 'float':
      return a.name === (b as typeof a).name;
    case 'pointer':
      return sameQualifiers(a.to, (b as typeof a).to) && sameType(a.to, (b as typeof a).to, depth + 1);
    case 'array': {
      const other = b as typeof a;
      const lengths = a.length === null || other.length === null || a.length === other.length;
      return lengths && sameType(a.element, other.element, depth + 1);
    }
    case 'vector':
      return a.size === (b as typeof a).size && sameType(a.element, (b as typeof a).element, depth + 1);
    case 'function': {
      const other = b as typeof a;
      if (!sameType(a.returns, other.returns, depth + 1)) return false;
      if (a.unprototyped || other.unprototyped) return true;
      if (a.parameters.length !== other.parameters.length || a.variadic !== other.variadic) return false;
      return a.parameters.every(({ type }, i) =>
        sameType(type, (other.parameters[i] as { type: Type }).type, depth + 1),
      );
    }
    case 'unknown':
      return a.text === (b as typeof a).text;
    default:
      return false;
  }
}

function sameQualifiers(left: Type, right: Type): boolean {
  const a = qualifiersOf(left);
  const b = qualifiersOf(right);
  return a.const === b.const && a.volatile === b.volatile;
}

function qualifiersOf(type: Type): { const: boolean; volatile: boolean } {
  const found = { const: false, volatile: false };
  let at = type;
  while (at.kind === 'typedef' || at.kind === 'qualified') {
    if (at.kind === 'qualified') {
      found.const ||= at.const;
      found.volatile ||= at.volatile;
    }
    at = at.type;
  }
  return found;
}
