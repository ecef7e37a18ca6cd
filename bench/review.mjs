/**
 * How long does somebody wait for a review when a reference is at hand? The command is timed as a whole process; the service's worker in
 * one process that has the reference and the tree open: each series when it sees it first, after another one has warmed it, and again.
 *
 *   npm run bench:review -- [--cold N] REFERENCE TREE BUILD WARMING SERIES...
 *
 * REFERENCE is a reference file of this kernel, TREE its source, BUILD its build directory. WARMING and each SERIES is a diff, or a folder
 * with one (`*.patch`, in order). What does not apply to TREE is left out, and said. The command is timed N times a series (default 1),
 * without --advice, which the service does not seek either. Wall time, in milliseconds.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LexCache } from '../dist/c/lex/lex-cache.js';
import { verified } from '../dist/clang/verify.js';
import { seriesInFiles } from '../dist/cli/mail-input.js';
import { keptReference } from '../dist/disk/references/references.js';
import { reviewOnTree } from '../dist/disk/review-on-tree.js';
import { sourceForSeries } from '../dist/disk/series-source.js';
import { overlaySeries } from '../dist/tree/overlay.js';

const { values, positionals } = parseArgs({
  options: { cold: { type: 'string', default: '1' } },
  allowPositionals: true,
});
const [file, tree, build, ...places] = positionals;
if (places.length < 2) {
  console.log(
    'skipped: name a reference file, its tree and build directory, a series to warm up with and those to time',
  );
  process.exit(0);
}
const reference = keptReference(resolve(file));
const command = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

/** The diffs of a folder as one series: its first diff stands for it, the others are its further patches. */
function patchesOf(place) {
  if (!statSync(place).isDirectory()) return [place];
  return readdirSync(place)
    .filter((name) => name.endsWith('.patch'))
    .sort()
    .map((name) => join(place, name));
}

async function seriesOf(paths) {
  const [first, ...more] = await seriesInFiles(paths);
  return { ...first, patches: [first, ...more].flatMap(({ patches }) => patches) };
}

async function warm(series) {
  const begin = performance.now();
  const place = { tree, branches: ['HEAD'], build: [build], config: null, arch: reference.meta.arch, reference };
  const { input, series: placed } = sourceForSeries(place, series);
  const review = await reviewOnTree(placed, input, reference);
  const judged = performance.now();
  const { after } = overlaySeries(input.tree, series);
  const cache = input.reading?.cache ?? new LexCache();
  const checked = await verified(review, {
    before: input.tree,
    after,
    build: input.build,
    target: input.arch,
    cache,
    most: 8,
  });
  return { review: checked, judged: judged - begin, checked: performance.now() - judged };
}

function cold(paths) {
  const times = Array.from({ length: Number(values.cold) }, () => {
    const begin = performance.now();
    const args = ['review', '--reference', resolve(file), '--tree', tree, '--build', build, '--no-advice', ...paths];
    const { status, stderr } = spawnSync(process.execPath, [command, ...args], { encoding: 'utf8' });
    if (status === null || status > 3) throw new Error(stderr);
    return performance.now() - begin;
  });
  return median(times);
}

function median(list) {
  const sorted = list.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

const ms = (value) => value.toFixed(0).padStart(7);
const rows = [];
await warm(await seriesOf(patchesOf(places[0])));
console.log('    cold   first  +clang   again  +clang  symbols  verdict        series');
for (const place of places.slice(1)) {
  const paths = patchesOf(place);
  const series = await seriesOf(paths);
  const first = await warm(series);
  const { review } = first;
  if (review.missing.some(({ why }) => why.includes('does not apply'))) {
    console.log(`does not apply: ${place}`);
    continue;
  }
  const again = await warm(series);
  const row = [
    Number(values.cold) === 0 ? Number.NaN : cold(paths),
    first.judged,
    first.checked,
    again.judged,
    again.checked,
  ];
  rows.push(row);
  const { changed, added, removed } = review.symbols;
  const symbols = changed.length + added.length + removed.length;
  console.log(
    `${row.map(ms).join(' ')} ${String(symbols).padStart(8)}  ${review.verdict.padEnd(14)} ${place.split('/').at(-1)}`,
  );
}
const medians = Array.from({ length: 5 }, (_, i) => median(rows.map((row) => row[i])));
console.log(`${medians.map(ms).join(' ')}           median of ${rows.length} series`);
const whole = (a, b) => median(rows.map((row) => row[a] + row[b])).toFixed(0);
console.log(`with clang's opinion: first ${whole(1, 2)} ms, again ${whole(3, 4)} ms`);
