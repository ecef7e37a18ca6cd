/**
 * The ways to write a changed type so that old code can go on: its old definition, with what the series adds put into room that was free, or
 * beside the type. Each is a proposal; only the engine says whether it holds.
 */
import type { LayoutChange } from '../units/layout-change.js';
import { bitsOf, type Row } from '../units/rows.js';
import { type Addition, additionsOf, conditional, declarationOf, guarded } from './additions.js';
import { type Definition, textOf } from './definition.js';
import { type Hole, holesOf, placeIn, slotsOf } from './holes.js';
import type { TreeMacros } from './macros.js';

export interface Rewrite {
  readonly title: string;
  /** The definition, its lines from the first to the one of the closing brace. */
  readonly lines: readonly string[];
  /** Declarations to put after it. */
  readonly following: readonly string[];
  /** How code reaches members that are no longer in the type, by their names; `AUX` stands for the lookup. */
  readonly moved: ReadonlyMap<string, Redirect>;
  /** Members that assertions should hold in place. */
  readonly pinned: readonly string[];
}

export type Redirect =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'call'; readonly name: string };

/** A changed type and its text in both versions. */
export interface Mended {
  /** `struct gen_pool`, `mm_context_t`: as code spells it. */
  readonly spelled: string;
  readonly path: string;
  readonly change: LayoutChange;
  readonly before: Definition;
  readonly after: Definition;
}

const noMacros: TreeMacros = { using: () => null, fillHole: null, extend: null };
const NO_MOVES: ReadonlyMap<string, Redirect> = new Map();

export function rewritesOf(type: Mended, macros: TreeMacros): Rewrite[] {
  const { change } = type;
  const additions = additionsOf(change, type.after);
  if (additions === null || change.renamed.length > 0) return [];
  if (additions.length === 0) return [kept(type)];
  const inside = additions.some(({ reborn }) => reborn) ? [] : insideRewrites(type, additions, macros);
  return [...inside, ...pointerRewrites(type, additions, macros), besideRewrite(type, additions)];
}

/** Which free room of one kind to take first; later turns try other holes, which another architecture may have. */
function insideRewrites(type: Mended, additions: readonly Addition[], macros: TreeMacros): Rewrite[] {
  const turns = [
    { slots: true, holes: false, skip: 0 },
    { slots: false, holes: true, skip: 0 },
    { slots: false, holes: true, skip: 1 },
    { slots: false, holes: true, skip: 2 },
    { slots: true, holes: true, skip: 0 },
  ];
  const placed = turns.map((turn) => placeAll(type, additions, macros, turn));
  // Some trees have a macro for a slot that genksyms sees too: then the old text is kept without it.
  const [first, ...others] = placed;
  const plain = first == null ? null : placeAll(type, additions, noMacros, turns[0] as Turn);
  const isOther = plain?.lines.join('\n') !== first?.lines.join('\n');
  return [first, isOther ? plain : null, ...others].flatMap((one) => one ?? []);
}

interface Turn {
  readonly slots: boolean;
  readonly holes: boolean;
  /** Fitting holes to leave out before one is taken. */
  readonly skip: number;
}

/** Lines of the old definition (from 0, of the file) and what stands there instead, or behind. */
interface Edits {
  readonly replaced: Map<number, readonly string[]>;
  readonly behind: Map<number, string[]>;
}

function placeAll(type: Mended, additions: readonly Addition[], macros: TreeMacros, turn: Turn): Rewrite | null {
  const slots = turn.slots ? slotsOf(type.change.before) : [];
  let holes = turn.holes ? holesOf(type.change.before) : [];
  const edits: Edits = { replaced: new Map(), behind: new Map() };
  const told: string[] = [];
  const pinned: string[] = [];
  for (const addition of additions) {
    const slot = slots.findIndex((one) => takesSlot(addition, one));
    const taken = slots[slot];
    if (taken !== undefined && useSlot(type.before, taken, addition, macros, edits)) {
      slots.splice(slot, 1);
      told.push(`the reserved \`${taken.name}\``);
    } else {
      const fitting = holes.filter(
        (hole) => placeIn(hole, addition.row) !== null && lineBehind(type.before, hole) !== null,
      );
      const hole = fitting.sort((one, other) => one.bits - other.bits)[Math.min(turn.skip, fitting.length - 1)];
      if (hole === undefined) return null;
      fillHole(type.before, hole, addition, macros, edits);
      holes = holes.flatMap((one) => (one === hole ? rest(hole, addition.row) : [one]));
      told.push(holeText(hole));
    }
    pinned.push(...addition.names.filter((name) => !name.includes('.')));
  }
  const names = additions.flatMap((one) => one.names).map((name) => `\`${name}\``);
  const title = `put ${names.join(', ')} into ${[...new Set(told)].join(' and ')}${keeping(type.change)}`;
  return { title, lines: written(type.before, edits), following: [], moved: NO_MOVES, pinned };
}

function keeping({ removed }: LayoutChange): string {
  const names = removed.map(({ name }) => name).filter((name) => !name.includes('.'));
  return names.length === 0 ? '' : `, and keep ${names.map((name) => `\`${name}\``).join(', ')}`;
}

function takesSlot({ row, condition }: Addition, slot: Row): boolean {
  return condition === '' && row.bitSize === 0 && row.size > 0 && row.size <= slot.size;
}

/** The rest of a hole behind what was put into it. */
function rest(hole: Hole, row: Row): Hole[] {
  const at = (placeIn(hole, row) as number) + bitsOf(row);
  const bits = hole.bitOffset + hole.bits - at;
  return bits === 0 ? [] : [{ ...hole, bitOffset: at, bits }];
}

function holeText({ bits, behind, atEnd }: Hole): string {
  const size = bits % 8 === 0 ? `${bits / 8} byte${bits === 8 ? '' : 's'}` : `${bits} bits`;
  return atEnd ? `the ${size} of padding at the end` : `the hole of ${size} behind \`${behind}\``;
}

/** The line behind which a member would stand in the hole; null where a condition or nothing is before it. */
function lineBehind(before: Definition, { behind, atEnd }: Hole): number | null {
  if (atEnd) return before.end - 1;
  const piece = before.pieces.find(({ names }) => behind !== null && names.includes(behind));
  return piece === undefined || piece.condition !== '' ? null : piece.to;
}

function fillHole(before: Definition, hole: Hole, addition: Addition, macros: TreeMacros, edits: Edits): void {
  const line = lineBehind(before, hole) as number;
  const name = hole.atEnd && hole.bits === 0 ? macros.extend : macros.fillHole;
  const text =
    name !== null && addition.condition === '' && addition.row.bitSize === 0
      ? [`\t${name}(${declarationOf(addition)})`]
      : guarded(addition);
  edits.behind.set(line, [...(edits.behind.get(line) ?? []), ...text]);
}

const RESERVE_CALL =
  /^\s*(\w*(?:KABI_RESERVE(?:_P)?|BACKPORT_RESERVED?))\s*\(\s*(\w+)\s*\)\s*(;?)\s*(?:\/\*.*\*\/\s*)?$/;

function useSlot(before: Definition, slot: Row, addition: Addition, macros: TreeMacros, edits: Edits): boolean {
  const piece = before.pieces.find(({ names }) => names.includes(slot.name)) ?? reserveCall(before, slot);
  if (piece === undefined || piece.condition !== '') return false;
  const old = textOf(before, piece);
  const declaration = declarationOf(addition);
  const [, reserve, number, end] = RESERVE_CALL.exec(old.at(-1) ?? '') ?? [];
  const use = reserve === undefined ? null : macros.using(reserve);
  const same = addition.row.size === slot.size;
  const fresh = same ? addition.text : ['\tunion {', ...addition.text, ...old, '\t};'];
  const text =
    use === null
      ? ['#ifdef __GENKSYMS__', ...old, '#else', ...fresh, '#endif']
      : [...old.slice(0, -1), `\t${use}(${number}, ${declaration})${end}`];
  edits.replaced.set(piece.from, text);
  for (let at = piece.from + 1; at <= piece.to; at++) edits.replaced.set(at, []);
  return true;
}

/** `KABI_RESERVE(1)` declares a member whose name only its expansion tells: the call whose number the name ends in. */
function reserveCall(before: Definition, slot: Row): Definition['pieces'][number] | undefined {
  const number = /(\d+)$/.exec(slot.name)?.[1];
  const isOwn = (line: string): boolean => {
    const [, reserve = '', own] = RESERVE_CALL.exec(line) ?? [];
    return own === number && reserve.includes('BACKPORT') === slot.name.includes('backport');
  };
  return before.pieces.find((piece) => textOf(before, piece).some(isOwn));
}

function written({ file, start, end }: Definition, { replaced, behind }: Edits): string[] {
  const lines: string[] = [];
  for (let at = start; at <= end; at++) {
    lines.push(...(replaced.get(at) ?? [file[at] as string]), ...(behind.get(at) ?? []));
  }
  return lines;
}

/** Nothing is added: the old definition stays as it was. */
function kept(type: Mended): Rewrite {
  const names = type.change.removed.map(({ name }) => name).filter((name) => !name.includes('.'));
  const what =
    names.length > 0
      ? `keep ${names.map((name) => `\`${name}\``).join(', ')}`
      : `leave the layout of \`${type.spelled}\``;
  return {
    title: `${what} as before`,
    lines: written(type.before, { replaced: new Map(), behind: new Map() }),
    following: [],
    moved: NO_MOVES,
    pinned: [],
  };
}

function auxName(spelled: string): string {
  return `${spelled.replace(/^(struct|union) /, '').replace(/_t$/, '')}_aux`;
}

function auxStruct(type: Mended, additions: readonly Addition[]): string[] {
  const name = auxName(type.spelled);
  return [
    '',
    `/* What ${type.spelled} has no room for. */`,
    `struct ${name} {`,
    ...additions.flatMap(conditional),
    '};',
  ];
}

/** The new members in a structure of their own, and a pointer to it where the type has room for one. */
function pointerRewrites(type: Mended, additions: readonly Addition[], macros: TreeMacros): Rewrite[] {
  const pointer = type.change.before.rows.find(({ kind, bitSize }) => kind === 'pointer' && bitSize === 0);
  if (pointer === undefined) return [];
  const name = auxName(type.spelled);
  const row: Row = { ...pointer, name: 'aux', bitOffset: 0, type: `struct ${name} *`, union: false };
  const one: Addition = { names: ['aux'], text: [`\tstruct ${name} *aux;`], condition: '', row, reborn: false };
  const names = additions.flatMap((each) => each.names);
  return [
    { slots: true, holes: false, skip: 0 },
    { slots: false, holes: true, skip: 0 },
  ].flatMap((turn) => {
    const placed = placeAll(type, [one], macros, turn);
    if (placed === null || type.change.before.rows.some((member) => member.name === 'aux')) return [];
    const where = placed.title.replace(/^put `aux` into /, '');
    return [
      {
        ...placed,
        title: `keep ${names.map((each) => `\`${each}\``).join(', ')} in \`struct ${name}\`, with a pointer to it in ${where}; whoever allocates \`${type.spelled}\` allocates it too`,
        following: auxStruct(type, additions),
        moved: new Map(names.map((each) => [each, { kind: 'member', name: 'aux' } as const])),
      },
    ];
  });
}

/** No room at all: a structure that is looked up by the address of the type; the type stays as it was. */
function besideRewrite(type: Mended, additions: readonly Addition[]): Rewrite {
  const name = auxName(type.spelled);
  const names = additions.flatMap((each) => each.names);
  return {
    title: `leave \`${type.spelled}\` as it was and keep ${names.map((each) => `\`${each}\``).join(', ')} in a side structure; its lookup \`${name}()\` (say, a hash table by address) is for the author to write`,
    lines: written(type.before, { replaced: new Map(), behind: new Map() }),
    following: [...auxStruct(type, additions), `struct ${name} *${name}(const ${type.spelled} *of);`],
    moved: new Map(names.map((each) => [each, { kind: 'call', name } as const])),
    pinned: [],
  };
}
