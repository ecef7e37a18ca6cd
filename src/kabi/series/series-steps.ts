/**
 * A series patch by patch in the genksyms view: which patch first changed a text, and which texts a later patch made again what they were. What
 * the sum does not show, a kernel built between two patches does.
 */
import type { Series } from '../../patch/series.js';
import type { SourceTree } from '../../tree/source-tree.js';
import type { SymbolFacts } from '../units/facts.js';
import { touchedFiles } from './touched-files.js';

/** A text that a patch changed and a later one restored, and the exports whose versions did the same. */
export interface Healed {
  /** As in a dump: `s#gen_pool`. */
  readonly key: string;
  readonly file: string | null;
  readonly changedBy: number;
  readonly healedBy: number;
  readonly symbols: readonly string[];
}

export interface StepFacts {
  /** Key of a text that differs in the end -> the patch that first changed it. */
  readonly changedBy: ReadonlyMap<string, number>;
  readonly healed: readonly Healed[];
}

export const noSteps: StepFacts = { changedBy: new Map(), healed: [] };

/** Readings of units between the patches; a series of many patches to wide headers is not followed for ever. */
const mostReadings = 200;

export function stepsOf(
  series: Series,
  versions: { readonly before: SourceTree; readonly steps: readonly SourceTree[] },
  units: readonly { readonly path: string; readonly before: SymbolFacts }[],
  read: (tree: SourceTree, path: string) => SymbolFacts | null,
  changed: Iterable<string>,
): StepFacts {
  if (series.patches.length < 2) return noSteps;
  let left = mostReadings;
  const touched = series.patches.map((patch, at) => {
    const [was, is] = [versions.steps[at - 1] ?? versions.before, versions.steps[at]];
    const one = { ...series, patches: [patch] };
    return new Set(is === undefined ? [] : touchedFiles(one, was, is).map(({ path }) => path));
  });
  const changedBy = new Map<string, number>();
  const healed = new Map<string, Healed>();
  for (const { path, before } of units) {
    const history = [before];
    for (const [at, files] of touched.entries()) {
      const was = history[at] as SymbolFacts;
      const tree = versions.steps[at];
      const concerns = tree !== undefined && was.inputs.some((input) => files.has(input)) && left-- > 0;
      history.push((concerns ? read(tree, path) : null) ?? was);
    }
    tellHistory(series, history, changedBy, healed);
    tellOthers(
      series,
      history,
      [...changed].filter((key) => !changedBy.has(key)),
      changedBy,
    );
  }
  return { changedBy, healed: [...healed.values()] };
}

/** Keys that other units' exports reach: what this unit declares says when they changed. */
function tellOthers(
  series: Series,
  history: readonly SymbolFacts[],
  keys: readonly string[],
  changedBy: Map<string, number>,
): void {
  if (keys.length === 0) return;
  const declared = new Map([...new Set(history)].map((facts) => [facts, facts.declared()]));
  for (const key of keys) {
    const texts = history.map((facts) => declared.get(facts)?.get(key)?.text ?? null);
    const change = texts.findIndex((text) => text !== texts[0]);
    if (change > 0) changedBy.set(key, series.patches[change - 1]?.n ?? 0);
  }
}

/** `history[0]` is before the series, `history[i + 1]` after its patch i. */
function tellHistory(
  series: Series,
  history: readonly SymbolFacts[],
  changedBy: Map<string, number>,
  healed: Map<string, Healed>,
): void {
  const [first, last] = [history[0] as SymbolFacts, history.at(-1) as SymbolFacts];
  for (const key of new Set(history.flatMap(({ dump }) => [...dump.keys()]))) {
    const texts = history.map(({ dump }) => dump.get(key) ?? null);
    const change = texts.findIndex((text) => text !== texts[0]);
    // What an export only reaches in between is no change of what it was.
    if (change < 0 || texts[0] === null) continue;
    const number = (at: number): number => series.patches[at - 1]?.n ?? 0;
    if (texts.at(-1) !== texts[0]) {
      changedBy.set(key, Math.min(changedBy.get(key) ?? number(change), number(change)));
      continue;
    }
    const healing = texts.findLastIndex((text) => text !== texts[0]) + 1;
    const between = history.slice(change, healing);
    const names = [...first.symbols].flatMap(([name, crc]) => {
      const differs = between.some(({ symbols }) => symbols.has(name) && symbols.get(name) !== crc);
      return differs && last.symbols.get(name) === crc ? [name] : [];
    });
    if (names.length === 0) continue;
    const known = healed.get(key);
    const symbols = [...new Set([...(known?.symbols ?? []), ...names])].sort();
    const file = first.fileOf(key);
    healed.set(key, { key, file, changedBy: number(change), healedBy: number(healing), symbols });
  }
}
