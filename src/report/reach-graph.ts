/**
 * From what changed to who is hit: changed types on the left, the structs that hold them by value or by pointer in the middle, exported symbols on
 * the right, drawn as SVG. Columns are distances from the change; of a crowded column the first are drawn and the rest is a box with their number.
 * Nothing is said by the picture alone: each box has its words, the whole a description, and the page the same as a list.
 */
import type { Review } from '../kabi/review.js';
import { xml } from './escape.js';

export interface ReachNode {
  /** `struct mm_struct`, a symbol's name, or how many more there are. */
  readonly name: string;
  readonly kind: 'changed' | 'holder' | 'symbol' | 'more';
}

export interface ReachGraph {
  /** From left to right. */
  readonly columns: readonly (readonly ReachNode[])[];
  /** Pairs of names, the one on the left first. */
  readonly edges: readonly (readonly [string, string])[];
}

const mostInColumn = 18;
const mostPaths = 400;
const mostSteps = 5;

/** null where nothing that changed reaches anything. */
export function reachGraph(review: Review): ReachGraph | null {
  const kinds = new Map<string, ReachNode['kind']>();
  const edges = new Map<string, readonly [string, string]>();
  const link = (from: string, to: string, kind: ReachNode['kind']) => {
    if (from === to) return;
    if (!kinds.has(to)) kinds.set(to, kind);
    edges.set(`${from}\0${to}`, [from, to]);
  };
  for (const type of review.types.slice(0, mostPaths)) {
    const name = `${type.kind} ${type.name}`;
    for (const holder of type.embeddedIn) {
      kinds.set(name, 'changed');
      link(name, holder.includes(' ') ? holder : `struct ${holder}`, 'holder');
    }
  }
  for (const symbol of review.symbols.changed.slice(0, mostPaths)) {
    // The path leads from the symbol to the change, whose step ends with what happened to it.
    const steps = symbol.because
      .map((step) => step.replace(/: .*$/s, ''))
      .filter((step) => step !== symbol.name)
      .reverse();
    const [changed, ...holders] = steps.slice(0, mostSteps);
    if (changed === undefined) continue;
    kinds.set(changed, 'changed');
    let last = changed;
    for (const holder of holders) {
      link(last, holder, 'holder');
      last = holder;
    }
    link(last, symbol.name, 'symbol');
  }
  return edges.size === 0 ? null : arranged(kinds, [...edges.values()]);
}

function arranged(
  kinds: ReadonlyMap<string, ReachNode['kind']>,
  edges: readonly (readonly [string, string])[],
): ReachGraph {
  const depth = depthsOf(kinds, edges);
  const deepest = Math.max(...[...depth].map(([name, at]) => (kinds.get(name) === 'symbol' ? 0 : at)));
  const columns: ReachNode[][] = Array.from({ length: deepest + 2 }, () => []);
  const kept = new Set<string>();
  const crowded = columns.map(() => 0);
  const weight = new Map<string, number>();
  for (const [from, to] of edges) for (const name of [from, to]) weight.set(name, (weight.get(name) ?? 0) + 1);
  const ordered = [...kinds].sort(([one], [other]) => (weight.get(other) ?? 0) - (weight.get(one) ?? 0));
  for (const [name, kind] of ordered) {
    const at = kind === 'symbol' ? columns.length - 1 : (depth.get(name) ?? 0);
    const column = columns[at] as ReachNode[];
    if (column.length < mostInColumn) {
      column.push({ name, kind });
      kept.add(name);
    } else crowded[at] = (crowded[at] ?? 0) + 1;
  }
  columns.forEach((column, at) => {
    if ((crowded[at] ?? 0) > 0) column.push({ name: `and ${crowded[at]} more`, kind: 'more' });
  });
  return {
    columns: columns.filter((column) => column.length > 0),
    edges: edges.filter(([from, to]) => kept.has(from) && kept.has(to)),
  };
}

/** Shortest distances from what changed; cycles end by themselves. */
function depthsOf(
  kinds: ReadonlyMap<string, ReachNode['kind']>,
  edges: readonly (readonly [string, string])[],
): Map<string, number> {
  const next = new Map<string, string[]>();
  for (const [from, to] of edges) next.set(from, [...(next.get(from) ?? []), to]);
  const depth = new Map<string, number>();
  let front = [...kinds].filter(([, kind]) => kind === 'changed').map(([name]) => name);
  for (let at = 0; front.length > 0; at++) {
    for (const name of front) depth.set(name, at);
    front = [...new Set(front.flatMap((name) => next.get(name) ?? []))].filter((name) => !depth.has(name));
  }
  return depth;
}

const [boxWidth, boxHeight, pitch, gap, top] = [190, 22, 30, 70, 24];
const headings: Readonly<Record<string, string>> = { first: 'changed', middle: 'held by', last: 'exported symbols' };

/** `id` is unique in the page. */
export function reachGraphSvg(graph: ReachGraph, id: string): string {
  const { columns, edges } = graph;
  const height = top + Math.max(...columns.map((column) => column.length)) * pitch + 4;
  const width = columns.length * boxWidth + (columns.length - 1) * gap + 4;
  const places = new Map<string, { readonly x: number; readonly y: number }>();
  columns.forEach((column, at) => {
    column.forEach(({ name, kind }, row) => {
      if (kind !== 'more') places.set(name, { x: 2 + at * (boxWidth + gap), y: top + row * pitch });
    });
  });
  const lines = edges.map(([from, to]) => {
    const [a, b] = [places.get(from), places.get(to)];
    if (a === undefined || b === undefined) return '';
    const [x1, y1, y2] = [a.x + boxWidth, a.y + boxHeight / 2, b.y + boxHeight / 2];
    // Between holders of one column, or back, the line bows on the right.
    const bow = b.x > a.x ? (b.x - x1) / 2 : gap / 2;
    const x2 = b.x > a.x ? b.x : b.x + boxWidth;
    return `<path class="edge" d="M${x1} ${y1}C${x1 + bow} ${y1} ${b.x > a.x ? x2 - bow : x2 + bow} ${y2} ${x2} ${y2}"/>`;
  });
  const boxes = columns.flatMap((column, at) =>
    column.map(({ name, kind }, row) => boxOf(name, kind, 2 + at * (boxWidth + gap), top + row * pitch)),
  );
  const heads = columns.map((column, at) => {
    const where = at === 0 ? 'first' : column.some(({ kind }) => kind === 'symbol') ? 'last' : 'middle';
    return `<text class="tick" x="${2 + at * (boxWidth + gap)}" y="14">${headings[where]}</text>`;
  });
  return (
    `<svg class="reach" role="img" aria-labelledby="${id}-t ${id}-d" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" xmlns="http://www.w3.org/2000/svg">` +
    `<title id="${id}-t">What the change reaches</title><desc id="${id}-d">${xml(describe(graph))}</desc>${lines.join('')}${boxes.join('')}${heads.join('')}</svg>`
  );
}

function boxOf(name: string, kind: ReachNode['kind'], x: number, y: number): string {
  const shown = name.length > 28 ? `${name.slice(0, 27)}…` : name;
  return `<g><title>${xml(name)}</title><rect class="box ${kind}" x="${x}" y="${y}" width="${boxWidth}" height="${boxHeight}" rx="3"/><text x="${x + 6}" y="${y + 15}">${xml(shown)}</text></g>`;
}

function describe({ columns, edges }: ReachGraph): string {
  const names = (kind: ReachNode['kind']) => columns.flat().filter((node) => node.kind === kind);
  const sentences = edges.slice(0, 60).map(([from, to]) => `${from} reaches ${to}`);
  return `${names('changed').length} changed types, ${names('holder').length} that hold them, ${names('symbol').length} exported symbols. ${sentences.join('; ')}${edges.length > 60 ? '; and more' : ''}.`;
}
