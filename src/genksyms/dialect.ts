/**
 * What genksyms knew, by kernel age: each difference changes a CRC or what can be parsed (the history of scripts/genksyms).
 * A tree's own age decides, because its modules were versioned by its own tool.
 */
export interface Dialect {
  /** 2.6.39: an enumerator outside its enum is hashed as its value; before, as its name. */
  readonly enumeratorValues: boolean;
  /** 2.6.39: a struct, union or enum of the unit's own file is opaque. */
  readonly opaqueSourceTypes: boolean;
  /** Before 2.6.39 enum tags had a name space of their own. */
  readonly enumNameSpace: boolean;
  /** Before 5.8 the EXPORT_ macros themselves are left to genksyms; after, they become __GENKSYMS_EXPORT_SYMBOL. */
  readonly exportWords: boolean;
  /** 4.x: __int128 and its kin, __builtin_va_list. */
  readonly builtinTypes: boolean;
  /** 5.11: _Static_assert at file scope is skipped. */
  readonly staticAssert: boolean;
  /** 6.14: attributes after struct and before declarators; what follows a declarator is hashed. */
  readonly attributesEverywhere: boolean;
  readonly armTypes: boolean;
  /** 6.15: __typeof_unqual__. */
  readonly typeofUnqualified: boolean;
}

/** The dialect of a kernel release, as `6.1.192` or `2.6.18`. */
export function dialectOf(release: string): Dialect {
  const [major = 0, minor = 0, patch = 0] = release.split(/[^0-9]+/).map(Number);
  const age = (major * 1000 + minor) * 1000 + (major < 3 ? patch : 0);
  const since = (otherMajor: number, otherMinor: number, otherPatch = 0) =>
    age >= (otherMajor * 1000 + otherMinor) * 1000 + otherPatch;
  return {
    enumeratorValues: since(2, 6, 39),
    opaqueSourceTypes: since(2, 6, 39),
    enumNameSpace: !since(2, 6, 39),
    exportWords: !since(5, 8),
    builtinTypes: since(4, 0),
    staticAssert: since(5, 11),
    attributesEverywhere: since(6, 14),
    armTypes: since(6, 14),
    typeofUnqualified: since(6, 15),
  };
}
