/** The versions in a ChangeSet -> what the review says of symbols: each with its way to the cause, causes with file, line and patch, exports that came or went. */
import type { ChangedText, ChangeSet } from './changes.js';
import type { AddFinding, Origin } from './judge-source.js';
import type { Review, SymbolChange, Verdict } from './review.js';
import { tellExports } from './rules/exports.js';
import type { RuleId } from './rules/ids.js';
import type { ExportChange } from './series/export-changes.js';
import type { Healed } from './series/series-steps.js';

type Symbols = Review['symbols'];
type Cause = Symbols['causes'][number];

export interface JudgedSymbols {
  readonly symbols: Symbols;
  readonly verdicts: readonly Verdict[];
}

/** What is said of one cause: as the last step of a way to it, and what kind of change it is. */
interface CauseText {
  readonly rule: RuleId;
  /** `struct gen_pool`, `the spelling of struct gen_pool` */
  readonly what: string;
  /** `member added` */
  readonly how: string;
  readonly cosmetic: boolean;
}

/** What is told, where it stands, and where it is told. */
export interface Telling {
  readonly changes: ChangeSet;
  readonly origin: Origin;
  readonly add: AddFinding;
}

export function judgeSymbols(
  changes: ChangeSet,
  exports: readonly ExportChange[],
  origin: Origin,
  add: AddFinding,
): JudgedSymbols {
  const causes = new Map<
    string,
    { readonly index: number; readonly symbols: SymbolChange[]; readonly text: CauseText }
  >();
  const changed = changes.symbols.map((one): SymbolChange => {
    const key = one.causes[0]?.type ?? one.name;
    const cause = causes.get(key) ?? { index: causes.size, symbols: [], text: causeText(changes, key) };
    causes.set(key, cause);
    const path = (one.causes[0]?.path ?? [one.name]).map(readable);
    const because = [...path.slice(0, -1), `${path.at(-1)}: ${cause.text.how}`];
    const { name } = one;
    // gendwarfksyms' own values are not computed: that they differ is.
    const [before, after] = [one.before, one.after].map((crc) => (crc?.startsWith('0x') === true ? crc : null)) as [
      string | null,
      string | null,
    ];
    const change = { name, module: one.module ?? '', before, after, stable: false, cause: cause.index, because };
    cause.symbols.push(change);
    return change;
  });
  const telling = { changes, origin, add };
  const told = [...causes].map(([key, { symbols, text }]) => tellCause(key, symbols, text, telling));
  for (const one of changes.steps.healed) tellHealed(one, telling);
  tellExports(exports, telling);
  return {
    symbols: {
      exported: changes.exported,
      changed,
      causes: told,
      added: [...changes.added],
      removed: [...changes.removed],
    },
    verdicts: changed.length > 0 || changes.removed.length > 0 ? ['crc-break'] : [],
  };
}

function tellCause(
  key: string,
  symbols: readonly SymbolChange[],
  { rule, what, cosmetic }: CauseText,
  { changes, origin, add }: Telling,
): Cause {
  const place = placeOf(changes, key, origin);
  const include = rule === 'type-became-defined' ? origin.includeOf(symbolsUnit(changes, symbols), place.file) : null;
  const at = include ?? place;
  const patch = include?.patch ?? changes.steps.changedBy.get(key) ?? origin.patchOf(place.file, key);
  const through = include === null ? '' : ` through \`${include.text}\``;
  add(rule, at, `${namesOf(symbols.map(({ name }) => name))}: ${what}${through} changes their versions`, {
    type: key.includes('#') ? readable(key) : null,
    symbol: symbols[0]?.name ?? null,
    patch,
  });
  return { text: `${what}${through}`, file: at.file, line: at.line, patch, cosmetic, count: symbols.length };
}

function symbolsUnit(changes: ChangeSet, symbols: readonly SymbolChange[]): string {
  return changes.symbols.find(({ name }) => name === symbols[0]?.name)?.unit ?? '';
}

function placeOf(changes: ChangeSet, key: string, origin: Origin): { readonly file: string; readonly line: number } {
  const type = changes.types.find((one) => dumpKey(one.name) === key);
  const enumeration = changes.enums.find((one) => `e#${one.name}` === key);
  const prototype = changes.prototypes.find((one) => one.name === key);
  const known = type ?? enumeration ?? prototype;
  if (known !== undefined) return known.place;
  const file = changes.hashed.get(key)?.file ?? '';
  return { file, line: file === '' ? 0 : origin.declarationLine(file, key) };
}

function causeText(changes: ChangeSet, key: string): CauseText {
  const text = changes.hashed.get(key);
  const name = readable(key);
  const opaque = (one: string | null | undefined): boolean => one != null && /\{ UNKNOWN \}/.test(one);
  if (opaque(text?.before) && !opaque(text?.after))
    return { rule: 'type-became-defined', what: `${name} became defined`, how: 'became defined', cosmetic: true };
  const how = layoutHow(changes, key) ?? valueHow(changes, key) ?? prototypeHow(changes, key);
  if (how !== null) return { rule: 'crc-changed', what: name, how, cosmetic: false };
  if (opaque(text?.after))
    return { rule: 'crc-cosmetic', what: `${name} is opaque now`, how: 'became opaque', cosmetic: true };
  const cosmetic = isSpelling(changes, key, text);
  if (cosmetic) return { rule: 'crc-cosmetic', what: `the spelling of ${name}`, how: 'spelled otherwise', cosmetic };
  return { rule: 'crc-changed', what: name, how: 'declared otherwise', cosmetic };
}

function layoutHow(changes: ChangeSet, key: string): string | null {
  const change = changes.types.find((one) => dumpKey(one.name) === key)?.change ?? null;
  if (change === null) return null;
  const kinds = (['added', 'removed', 'retyped', 'renamed', 'moved'] as const).filter(
    (kind) => change[kind].length > 0,
  );
  // What moved because of a member that came or went is no reason of its own.
  const own = kinds.filter((kind) => kind !== 'moved');
  const said = own.length > 0 ? own : kinds;
  return said.length === 0 ? 'laid out otherwise' : `member ${said.join(', member ')}`;
}

function valueHow(changes: ChangeSet, key: string): string | null {
  if (key.startsWith('E#')) return 'another value';
  const one = changes.enums.find((other) => `e#${other.name}` === key);
  if (one === undefined) return null;
  if (one.changed.length > 0) return 'enumerator with another value';
  if (one.renamed.length > 0) return 'enumerator renamed';
  return one.removed.length > 0 ? 'enumerator removed' : 'enumerator added';
}

function prototypeHow(changes: ChangeSet, key: string): string | null {
  return changes.prototypes.some((one) => one.name === key) ? 'prototype changed' : null;
}

/** The compiler's view has it, and has it unchanged; where it was not read, the words themselves must say the same. */
function isSpelling(changes: ChangeSet, key: string, text: ChangedText | undefined): boolean {
  const name = key.startsWith('e#') ? `enum ${key.slice(2)}` : readable(key);
  const isRead = key.includes('#') ? changes.read.has(name) : changes.prototypesRead.has(key);
  if (isRead && changes.hashedHere.has(key)) return true;
  return text?.before != null && text.after !== null && plainWords(text.before) === plainWords(text.after);
}

/** `unsigned` is `unsigned int`, `long int` is `long`; the order of such words says nothing. */
function plainWords(text: string): string {
  return text.replace(/\b(?:(?:unsigned|signed|long|short|int)\b ?)+/g, (words) => {
    const list = words
      .trim()
      .split(' ')
      .filter((word) => word !== 'signed');
    const sized = list.some((word) => word === 'long' || word === 'short' || word === 'unsigned');
    return `${
      list
        .filter((word) => word !== 'int' || !sized)
        .sort()
        .join(' ') || 'int'
    } `;
  });
}

/** A version that changed on the way and is in the end what it was. */
function tellHealed({ key, file, changedBy, healedBy, symbols }: Healed, { origin, add }: Telling): void {
  const line = file === null ? 0 : origin.declarationLine(file, key);
  const text = `${namesOf(symbols)}: ${readable(key)} changes their versions; patch ${healedBy} heals it`;
  add('crc-changed', { file: file ?? '', line }, text, {
    severity: 'info',
    type: key.includes('#') ? readable(key) : null,
    symbol: symbols[0] ?? null,
    patch: changedBy,
  });
}

function namesOf(names: readonly string[]): string {
  const examples = names.slice(0, 3).map((name) => `\`${name}\``);
  return `${examples.join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`;
}

/** `struct x` is `s#x` in a dump, `typedef y` is `t#y`. */
export function dumpKey(name: string): string {
  const [kind = '', tag = ''] = name.split(' ');
  return `${{ struct: 's', union: 'u', enum: 'e', typedef: 't' }[kind] ?? ''}#${tag}`;
}

/** `s#mm_struct` as people write it. */
export function readable(key: string): string {
  const [prefix, name] = key.split('#');
  if (name === undefined) return key;
  const word = { s: 'struct ', u: 'union ', e: 'enum ', t: 'typedef ', E: 'enumerator ' }[prefix ?? ''] ?? '';
  return `${word}${name}`;
}
