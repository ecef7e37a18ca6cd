/** What the names in a type mean, over the declarations in sight: typedefs followed, records found. */
import type { MacroText } from './conditions.js';
import type { TypeName } from './declarators.js';
import type { RecordOutline } from './outline.js';

/** What names mean outside the function at hand. */
export interface Declarations {
  record(base: string): RecordOutline | null;
  typedef(name: string): TypeName | null;
  /** A variable's type, or `{ returns }` for a function. */
  object(name: string): TypeName | null;
  macro(name: string): MacroText | null;
}

/** The locals of the blocks around, innermost last. */
export type Scope = readonly Map<string, TypeName>[];

/** Follows typedefs until the base is a record or nothing more is known. */
export function resolveType(type: TypeName, names: Declarations): TypeName {
  let resolved = type;
  for (let i = 0; i < 16 && resolved.base !== '' && !resolved.base.includes(' '); i++) {
    const named = names.typedef(resolved.base);
    if (named === null) break;
    const { depth, arrays } = resolved;
    resolved = {
      ...named,
      depth: named.depth + depth,
      arrays: named.depth === 0 ? arrays : named.arrays + arrays,
      returns: resolved.returns ?? named.returns,
    };
  }
  return resolved;
}

export function recordOf(type: TypeName, names: Declarations): RecordOutline | null {
  const { base } = resolveType(type, names);
  return base.startsWith('struct ') || base.startsWith('union ') ? names.record(base) : null;
}

/** Is an object of this type the record itself, or an array of it, rather than a pointer to it? */
export function isByValue(type: TypeName, names: Declarations): boolean {
  const resolved = resolveType(type, names);
  return resolved.depth === resolved.arrays;
}

export function dereferenced(type: TypeName | null, names: Declarations): TypeName | null {
  if (type === null) return null;
  const pointer = type.depth > 0 ? type : resolveType(type, names);
  return pointer.depth > 0 ? { ...pointer, depth: pointer.depth - 1, arrays: Math.max(0, pointer.arrays - 1) } : type;
}
