/**
 * A struct as a map of its cache lines: 64 bytes a row, members to scale, holes hatched, what changed in colour. Pure SVG text; the colours
 * come from the page's style sheet by class, so that both themes and paper work. Each field carries its words as `<title>`, and the whole a
 * description, so that nothing is said by colour alone.
 */
import type { Layout, MemberLayout } from '../c/layout.js';
import type { TypeChange } from '../kabi/review.js';
import { xml } from './escape.js';

export type Tone = 'same' | 'new' | 'moved' | 'retyped' | 'gone' | 'hidden';

export interface MapField {
  readonly name: string;
  readonly type: string;
  /** From the start of the outermost struct. */
  readonly bitOffset: number;
  readonly bitSize: number;
  readonly tone: Tone;
}

export interface StructMap {
  readonly title: string;
  /** Bytes. */
  readonly size: number;
  readonly fields: readonly MapField[];
  /** What lies between the fields: holes of a whole layout, or members that a review does not list. */
  readonly between: 'holes' | 'unlisted';
}

const lineBits = 512;
const lineBytes = 64;
const rowHeight = 26;
const rowPitch = 32;
const margin = 52;
const width = 640;
const most = 40;
/** The largest structs of a kernel have some hundred lines in which members begin. */
const mostOfLayout = 300;

const said: Record<Tone, string> = {
  same: '',
  new: 'new',
  moved: 'moved',
  retyped: 'type changed',
  gone: 'removed',
  hidden: 'hidden from genksyms',
};

/** Bytes of changed types by `struct name`, which others hold. */
export type TypeSizes = ReadonlyMap<string, Pick<TypeChange, 'before' | 'after'>>;

/** Both sides of a changed type; a side that does not exist is null. Members without a known place are left to the table beside it. */
export function mapsOfChange(
  type: TypeChange,
  hidden: ReadonlySet<string> = new Set(),
  sizes: TypeSizes = new Map(),
): { readonly before: StructMap | null; readonly after: StructMap | null } {
  const side = (which: 'before' | 'after'): StructMap | null => {
    const size = type[which]?.size ?? null;
    if (size === null || size <= 0) return null;
    const fields = type.members.flatMap((member): MapField[] => {
      const place = member[which];
      if (place === null || place.bitOffset === null) return [];
      const bitSize =
        place.bitSize !== null && place.bitSize > 0
          ? place.bitSize
          : endOf(type, which, place.bitOffset, size, widthOf(place.type, which, sizes));
      return [
        {
          name: member.name,
          type: place.type,
          bitOffset: place.bitOffset,
          bitSize,
          tone: toneOf(member.change, which, hidden.has(member.name)),
        },
      ];
    });
    return { title: `${type.kind} ${type.name}, ${which}`, size, fields, between: 'unlisted' };
  };
  return { before: side('before'), after: side('after') };
}

const basic: Readonly<Record<string, number>> = { char: 1, _Bool: 1, bool: 1, short: 2, int: 4, float: 4, long: 8 };
const longest = 64;

/** In bits, as far as the type's text and the other changed types tell; else eight bytes, which most members are. */
function widthOf(text: string, which: 'before' | 'after', sizes: TypeSizes): number {
  const [, inner = '', dimensions = ''] = /^(.*?)\s*((?:\[\d+\])*)$/s.exec(text) ?? [];
  const count = [...dimensions.matchAll(/\d+/g)].reduce((product, [number]) => product * Number(number), 1);
  if (inner.includes('*')) return count * 64;
  const known = sizes.get(inner)?.[which]?.size ?? null;
  const words = inner.split(' ');
  const word = words.find((one) => basic[one] !== undefined && (one !== 'int' || !words.includes('short')));
  const bytes = known ?? (words.includes('long') ? 8 : basic[word ?? '']);
  return bytes === undefined ? longest : count * bytes * 8;
}

/** A member reaches to the next one that is listed, no further. */
function endOf(type: TypeChange, which: 'before' | 'after', from: number, size: number, width: number): number {
  const next = type.members
    .map((member) => member[which]?.bitOffset ?? null)
    .filter((offset): offset is number => offset !== null && offset > from);
  return Math.max(1, Math.min(...next, size * 8, from + width) - from);
}

function toneOf(change: TypeChange['members'][number]['change'], which: 'before' | 'after', hidden: boolean): Tone {
  if (hidden && which === 'after') return 'hidden';
  switch (change) {
    case 'added':
      return 'new';
    case 'removed':
      return 'gone';
    case 'moved':
      return 'moved';
    case 'retyped':
      return 'retyped';
    case 'renamed':
      return 'same';
  }
}

/** A whole layout, anonymous members opened, for the explorer. Of a union's members the largest is drawn. */
export function mapOfLayout(layout: Layout): StructMap {
  return {
    title: `${layout.kind} ${layout.name ?? '(anonymous)'}`,
    size: layout.size,
    fields: fieldsOf(layout, 0),
    between: 'holes',
  };
}

function fieldsOf(layout: Layout, base: number): MapField[] {
  const members = layout.kind === 'union' ? largest(layout.members) : layout.members;
  return members.flatMap((member): MapField[] => {
    const bitOffset = base + member.bitOffset;
    if (member.name === null && member.inner !== null) return fieldsOf(member.inner, bitOffset);
    const bitSize = member.bitSize > 0 ? member.bitSize : member.size * 8;
    return [{ name: member.name ?? '', type: member.type, bitOffset, bitSize, tone: 'same' }];
  });
}

function largest(members: readonly MemberLayout[]): readonly MemberLayout[] {
  return [...members].sort((one, other) => other.size - one.size).slice(0, 1);
}

/** `id` is unique in the page: names, patterns and descriptions are referred to by it. */
export function structMapSvg(map: StructMap, id: string): string {
  const rows = rowsOf(map);
  const height = rows.length * rowPitch + 26;
  const drawn = rows.map((row, index) => drawRow(map, row, 22 + index * rowPitch, id)).join('');
  return (
    `<svg class="map" role="img" aria-labelledby="${id}-t ${id}-d" viewBox="0 0 ${margin + width + 2} ${height}" xmlns="http://www.w3.org/2000/svg">` +
    `<title id="${id}-t">${xml(map.title)}: ${map.size} bytes</title><desc id="${id}-d">${xml(describe(map))}</desc>` +
    `<defs><pattern id="${id}-h" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line class="hatch" x1="0" y1="0" x2="0" y2="6"/></pattern></defs>` +
    `${ruler()}${drawn}</svg>`
  );
}

type Row =
  | { readonly kind: 'line'; readonly line: number }
  | { readonly kind: 'skipped'; readonly from: number; readonly count: number };

/** Every cache line of a small struct; of a large one those where something changes, and the first; of a whole layout those where members begin or end. */
function rowsOf(map: StructMap): Row[] {
  const lines = Math.max(1, Math.ceil(map.size / lineBytes));
  if (map.between === 'holes') return rowsOfLayout(map, lines);
  if (lines <= 12) return Array.from({ length: lines }, (_, line) => ({ kind: 'line', line }));
  const wanted = new Set<number>([0, lines - 1]);
  for (const field of map.fields) {
    if (field.tone === 'same') continue;
    wanted.add(Math.floor(field.bitOffset / lineBits));
    wanted.add(Math.floor((field.bitOffset + Math.max(1, field.bitSize) - 1) / lineBits));
    if (wanted.size > most) break;
  }
  const rows: Row[] = [];
  let next = 0;
  for (const line of [...wanted].filter((one) => one < lines).sort((one, other) => one - other)) {
    if (line > next) rows.push({ kind: 'skipped', from: next, count: line - next });
    rows.push({ kind: 'line', line });
    next = line + 1;
  }
  return rows;
}

function rowsOfLayout(map: StructMap, lines: number): Row[] {
  const edges = new Set([0, lines - 1]);
  for (const { bitOffset, bitSize } of map.fields)
    for (const edge of [bitOffset, bitOffset + bitSize - 1]) edges.add(Math.floor(edge / lineBits));
  const rows: Row[] = [];
  for (let line = 0; line < lines && rows.length < mostOfLayout; line++) {
    const last = rows.at(-1);
    if (lines <= 12 || edges.has(line)) rows.push({ kind: 'line', line });
    else if (last?.kind === 'skipped') rows[rows.length - 1] = { ...last, count: last.count + 1 };
    else rows.push({ kind: 'skipped', from: line, count: 1 });
  }
  return rows;
}

function ruler(): string {
  return [0, 8, 16, 24, 32, 40, 48, 56]
    .map((byte) => `<text class="tick" x="${margin + (byte * width) / lineBytes}" y="14">${byte}</text>`)
    .join('');
}

function drawRow(map: StructMap, row: Row, y: number, id: string): string {
  if (row.kind === 'skipped') {
    const of = row.count === 1 ? 'cache line' : 'cache lines';
    const why = map.between === 'holes' ? `more of ${fieldAt(map, row.from)}` : 'without a change';
    return `<text class="tick" x="${margin}" y="${y + 17}">… ${row.count} ${of} ${xml(why)} …</text>`;
  }
  const from = row.line * lineBits;
  const to = Math.min(from + lineBits, map.size * 8);
  const place = (bit: number): number => margin + ((bit - from) * width) / lineBits;
  const box = (start: number, end: number): string => {
    const left = round(place(start));
    return `x="${left}" y="${y}" width="${round(Math.max(1, place(end) - left))}" height="${rowHeight}"`;
  };
  let out = `<text class="tick" x="${margin - 6}" y="${y + 17}" text-anchor="end">${row.line * lineBytes}</text>`;
  out += `<rect class="${map.between}" ${box(from, Math.max(to, from + 1))}/>`;
  if (map.between === 'holes') out += `<rect fill="url(#${id}-h)" ${box(from, Math.max(to, from + 1))}/>`;
  for (const field of map.fields) {
    const start = Math.max(from, field.bitOffset);
    const end = Math.min(to, field.bitOffset + field.bitSize);
    if (start >= end) continue;
    const room = Math.floor((place(end) - place(start)) / 6.6);
    out += `<g><title>${xml(words(field))}</title><rect class="field ${field.tone}" ${box(start, end)}/>`;
    if (room >= 3)
      out += `<text class="name" x="${round(place(start) + 4)}" y="${y + 17}">${xml(shorten(field.name, room - 1))}</text>`;
    out += '</g>';
  }
  return out;
}

function fieldAt(map: StructMap, line: number): string {
  const at = line * lineBits;
  return map.fields.find(({ bitOffset, bitSize }) => bitOffset <= at && at < bitOffset + bitSize)?.name ?? 'a hole';
}

function words(field: MapField): string {
  const bits = field.bitOffset % 8 === 0 && field.bitSize % 8 === 0;
  const where = bits
    ? `offset ${field.bitOffset / 8}, ${field.bitSize / 8} bytes`
    : `offset ${Math.floor(field.bitOffset / 8)} bit ${field.bitOffset % 8}, ${field.bitSize} bits`;
  return [`${field.type} ${field.name}`.trim(), where, said[field.tone]].filter((part) => part !== '').join('; ');
}

function describe(map: StructMap): string {
  const changed = map.fields.filter(({ tone }) => tone !== 'same');
  const shown = changed.slice(0, 20).map(words).join('. ');
  const lines = Math.ceil(map.size / lineBytes);
  const left = changed.length > 20 ? ` And ${changed.length - 20} more.` : '';
  return `${lines} ${lines === 1 ? 'cache line' : 'cache lines'} of 64 bytes. ${shown}${left}`;
}

function shorten(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, Math.max(1, room - 1))}…`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
