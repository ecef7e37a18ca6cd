/**
 * What one unit of one version says: in the compiler's view every type's layout, every enumeration and every prototype; in the
 * genksyms view the version of every export and the text of every type it hashed.
 *
 * A Program is a set of such units. Facts are values, so that two versions can be compared without either tree.
 */
import type { DeclaredUnit as Unit } from '../../c/parse/declarations.js';
import { plainType } from '../../c/plain-type.js';
import { type RecordType, stripped, type Type } from '../../c/type.js';
import { textOfType } from '../../c/type-text.js';
import { callOf, exportedCall, memberAt, passedByValue, rowsWithCalls } from './calls.js';
import { type Extent, extentOf, type Kind, kindFromText } from './rows.js';
import { type Shape, shapeOf } from './shape.js';

export interface CompilerFacts {
  /** By `struct tag`, `union tag`, `typedef name`. */
  readonly types: ReadonlyMap<string, Extent>;
  /** Enumerators by tag, in order; those of enumerations without a tag by their own names under ''. */
  readonly enums: ReadonlyMap<string, ReadonlyMap<string, bigint>>;
  /** What the unit exports, as a declaration without the name. */
  readonly prototypes: ReadonlyMap<string, Prototype>;
  /** How what a typedef names is called: of typedefs of functions and of pointers to them. */
  readonly callbacks: ReadonlyMap<string, string>;
  /** Type -> types that hold it by value. */
  readonly embedders: ReadonlyMap<string, ReadonlySet<string>>;
  /** What each typedef stands for, without typedefs. */
  readonly typedefs: ReadonlyMap<string, string>;
  /** Of a type by its name and a member as a row names it; null where that is not known. */
  readonly shapeOf: (name: string, member: string) => Shape | null;
  /** Where a type, enumeration or prototype is declared. */
  readonly placeOf: (name: string) => Placed | null;
  /** Types whose layout cannot be known, with the reason. */
  readonly unknowable: ReadonlyMap<string, string>;
}

export interface Prototype {
  readonly text: string;
  /** Without typedefs and qualifiers: what a caller passes. */
  readonly plain: string;
  /** As the machine sees it, where it is a function. */
  readonly call: string;
  /** Records that callers hand over or get by value, as types are named. */
  readonly passes: readonly string[];
}

export interface Placed {
  readonly file: string;
  readonly line: number;
}

/** The genksyms view: what `genksyms -T` prints and the versions that follow from it. */
export interface SymbolFacts {
  /** Exports with their versions, `0x` and eight digits; null where the tool would give none. */
  readonly symbols: ReadonlyMap<string, string | null>;
  /** The dump: text by key, `s#mm_struct`, `t#u32`, `e#zone_type`, and a symbol's own by its name. References keep the prefix. */
  readonly dump: ReadonlyMap<string, string>;
  /** Everything that the unit declares, whether an export reaches it or not, by the keys of the dump. Made when it is asked for. */
  readonly declared: () => ReadonlyMap<string, DeclaredText>;
  /** Which file declares what a key of the dump names; null where nothing does. */
  readonly fileOf: (key: string) => string | null;
  /** Files that the unit reads. */
  readonly inputs: readonly string[];
  /** The unit was not read to its end: what is not here may be there. */
  readonly cut?: boolean;
}

export interface DeclaredText {
  readonly text: string;
  readonly file: string | null;
}

export interface UnitFacts {
  readonly path: string;
  readonly compiler: CompilerFacts;
  /** null where the tree does not version symbols with genksyms, or it was not asked for. */
  readonly symbols: SymbolFacts | null;
}

/** `placesOf` takes tokens of the unit, and gives the file and line of each by its number among them. */
export function compilerFacts(
  unit: Unit,
  exported: ReadonlySet<string>,
  placesOf: (tokens: readonly number[]) => (at: number) => Placed,
): CompilerFacts {
  const types = new Map<string, Extent>();
  const unknowable = new Map<string, string>();
  const places = new Map<string, number>();
  const records = new Map<string, RecordType>();
  const embedders = new Map<string, Set<string>>();
  const kindOf = (member: { type: string }): Kind => kindInUnit(unit, member.type);
  const add = (name: string, record: RecordType, typedef: string | null): void => {
    if (types.has(name) || record.members === null || record.local) return;
    const layout = unit.layouts.of(record, typedef);
    places.set(name, record.first);
    if ('why' in layout) unknowable.set(name, layout.why);
    else {
      const extent = extentOf(layout, kindOf, unit.layouts.target.bigEndian);
      types.set(name, { ...extent, rows: rowsWithCalls(extent.rows, record, unit) });
      records.set(name, record);
    }
    for (const held of heldByValue(record)) {
      const set = embedders.get(held);
      if (set === undefined) embedders.set(held, new Set([name]));
      else set.add(name);
    }
  };
  for (const [name, records] of unit.records) for (const record of records) add(name, record, null);
  for (const [name, { type }] of unit.typedefs) {
    if ((type.kind === 'struct' || type.kind === 'union') && type.tag === null) add(`typedef ${name}`, type, name);
  }
  const callbacks = new Map<string, string>();
  for (const [name, typedef] of unit.typedefs) {
    const call = callOf(typedef, unit);
    if (call === null) continue;
    callbacks.set(name, call);
    places.set(`typedef ${name}`, typedef.first);
  }
  const prototypes = new Map<string, Prototype>();
  for (const name of exported) {
    const declared = unit.variables.get(name) ?? unit.functions.get(name);
    if (declared === undefined) continue;
    const { type, first } = declared;
    prototypes.set(name, {
      text: textOfType(type),
      plain: textOfType(plainType(type)),
      call: exportedCall(type, unit),
      passes: passedByValue(type),
    });
    places.set(name, first);
  }
  const enums = enumsOf(unit, places);
  const placed = placesOf([...places.values()]);
  const numbers = new Map([...places.keys()].map((name, at) => [name, at]));
  const placeOf = (name: string): Placed | null => {
    const at = numbers.get(name);
    return at === undefined ? null : placed(at);
  };
  const typedefs = new Map([...unit.typedefs].map(([name, { type }]) => [name, textOfType(plainType(type))]));
  const memberShape = (name: string, path: string): Shape | null => {
    const record = records.get(name);
    const member = record === undefined ? null : memberAt(record, path.split('.'), unit.layouts);
    return member === null ? null : shapeOf(member, unit);
  };
  return { types, enums, prototypes, callbacks, embedders, typedefs, shapeOf: memberShape, placeOf, unknowable };
}

function enumsOf(unit: Unit, places: Map<string, number>): Map<string, Map<string, bigint>> {
  const enums = new Map<string, Map<string, bigint>>();
  for (const declaration of unit.declarations) {
    if (declaration.kind !== 'enum' || declaration.type.enumerators === null) continue;
    const { tag, enumerators, first } = declaration.type;
    const key = tag ?? `{${enumerators[0]?.name ?? ''}}`;
    if (enums.has(key)) continue;
    places.set(`enum ${key}`, first);
    enums.set(key, new Map(enumerators.flatMap(({ name, value }) => (value === null ? [] : [[name, value] as const]))));
  }
  return enums;
}

/** Types inside a record by value: members, array elements, members of anonymous types. */
function heldByValue(record: RecordType): Set<string> {
  const held = new Set<string>();
  const open = [record];
  for (const one of open) {
    for (const member of one.members ?? []) {
      let at: Type = member.type;
      let typedef: string | null = null;
      for (;;) {
        if (at.kind === 'array') at = at.element;
        else if (at.kind === 'qualified') at = at.type;
        else if (at.kind === 'typedef') {
          typedef = at.name;
          at = at.type;
        } else break;
      }
      if (at.kind !== 'struct' && at.kind !== 'union') continue;
      if (at.tag !== null) held.add(`${at.kind} ${at.tag}`);
      else if (typedef !== null) held.add(`typedef ${typedef}`);
      else open.push(at);
    }
  }
  return held;
}

/** A typedef's name says nothing of what it is: the unit does. */
function kindInUnit(unit: Unit, text: string): Kind {
  const fromText = kindFromText({ type: text });
  const [, name, record] =
    /^(?:const |volatile )*(?:([A-Za-z_]\w*)|((?:struct|union) \w+))(?:\[[^\]]*\])*$/.exec(text) ?? [];
  if (fromText === 'record' && record !== undefined)
    return kindOfType(unit.records.get(record)?.[0] ?? null) ?? fromText;
  const typedef = name === undefined ? undefined : unit.typedefs.get(name);
  if (fromText !== 'integer' || typedef === undefined) return fromText;
  return kindOfType(typedef.type) ?? 'other';
}

/** A struct around one member, as atomic_t or kuid_t, is what the member is: no code sees a difference. */
function kindOfType(type: Type | null, depth = 0): Kind | null {
  const bare = type === null ? null : stripped(type);
  switch (bare?.kind) {
    case 'pointer':
    case 'integer':
    case 'float':
    case 'enum':
      return bare.kind;
    case 'struct':
    case 'union': {
      const [only, ...more] = bare.members ?? [];
      if (only === undefined || more.length > 0 || only.bits !== null || depth > 4 || bare.kind === 'union')
        return 'record';
      return kindOfType(only.type, depth + 1) ?? 'record';
    }
    default:
      return null;
  }
}
