/**
 * Advice, measured: npm run verify:advice [-- --oracle DIR --tree D --build B]
 *
 * Each case of the oracle that is not safe is reviewed; the rewrite that the review proposes is put on top of the case's series and the oracle
 * compiles and measures both with gcc, pahole and genksyms. Nothing that was there before may have moved, changed its size or its
 * version. The case's tree is Debian's linux-source-6.1 with the case's own files over it.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seriesInFiles } from '../dist/cli/mail-input.js';
import { treeInput } from '../dist/disk/tree-input.js';
import { reviewSeries } from '../dist/kabi/review-series.js';
import { overlayFiles } from '../dist/tree/overlay.js';

const text = { type: 'string' };
const { values } = parseArgs({ options: { oracle: text, tree: text, build: text, case: text } });
const oracle = values.oracle ?? '../shared/oracle';
const newest = (dir, pattern) => {
  const names = existsSync(dir) ? readdirSync(dir).filter((name) => pattern.test(name)) : [];
  const last = names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
  return last === undefined ? undefined : join(dir, last);
};
const tree = values.tree ?? newest(join(homedir(), '.cache/kabiwatch/kernel'), /^linux-source-/);
const build = values.build ?? newest('/usr/src', /^linux-headers-6\.1\.0-\d+-amd64$/);
if (!existsSync(join(oracle, 'oracle.py')) || tree === undefined || build === undefined) {
  console.log('skipped: the oracle, linux-source-6.1 or linux-headers-amd64 is not here');
  process.exit(0);
}

const input = treeInput({ tree, build: [build], arch: 'x86_64' });
const probe = 'kabiwatch-unit/probe.c';

function filesBelow(dir, prefix = '') {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? filesBelow(join(dir, entry.name), `${prefix}${entry.name}/`)
      : [[prefix + entry.name, readFileSync(join(dir, entry.name))]],
  );
}

async function reviewed(dir, spec, patches) {
  const found = (await Promise.all(patches.map((name) => seriesInFiles([join(dir, name)])))).flat();
  const all = found
    .flatMap((series) => series.patches)
    .map((patch, at, { length }) => ({ ...patch, n: at + 1, total: length }));
  const includes = (spec.probe ?? []).map((name) =>
    name.startsWith('/') ? `#include "${name.slice(1)}"\n` : `#include <${name}>\n`,
  );
  const files = new Map([...filesBelow(join(dir, 'base')), [probe, Buffer.from(includes.join(''))]]);
  const units = [
    ...spec.tus,
    ...(spec.probe === null ? [] : [probe]),
    ...(spec.layout_tu === null ? [] : [spec.layout_tu]),
  ];
  // The oracle knows no users; an index of each case's tree would cost a minute.
  const { whoUses: _, ...known } = input;
  const source = { ...known, tree: overlayFiles(input.tree, files, 'case'), units };
  return reviewSeries({ series: { ...found[0], patches: all }, arch: 'x86_64', source, advice: true });
}

/** The case with the rewrite as its last patch, measured by the toolchain. */
function measured(dir, spec, patches, fix) {
  const copy = mkdtempSync(join(tmpdir(), 'kabiwatch-advice-'));
  try {
    cpSync(dir, copy, { recursive: true });
    const { patch: _, ...rest } = spec;
    spawnSync('chmod', ['-R', 'u+w', copy]);
    writeFileSync(join(copy, 'fix.patch'), fix.diff, 'latin1');
    writeFileSync(join(copy, 'case.json'), JSON.stringify({ ...rest, patches: [...patches, 'fix.patch'] }));
    const run = spawnSync('python3', [join(oracle, 'oracle.py'), 'case', copy], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    if (run.status !== 0)
      return { faults: [`the oracle: ${(run.stderr ?? '').trim().split('\n').at(-1)}`], class: '-', crc: 0 };
    return faultsIn(JSON.parse(readFileSync(join(copy, 'truth.json'), 'utf8')));
  } finally {
    rmSync(copy, { recursive: true });
  }
}

/** What moved, went, or has another size, kind or version, by gcc and genksyms. New types may come. */
function faultsIn(truth) {
  const faults = [...(truth.errors ?? [])];
  for (const [name, change] of Object.entries(truth.changed_structs ?? {})) {
    if (change.only === 'after') continue;
    if (change.only !== undefined) faults.push(`${name} is gone`);
    else if (change.size[0] !== change.size[1])
      faults.push(`${name}: size ${change.size[0]} becomes ${change.size[1]}`);
    for (const member of change.moved ?? []) faults.push(`${name}.${member.name} moves`);
    for (const member of change.removed ?? [])
      if (!(change.replaced_in_place ?? []).includes(member.name)) faults.push(`${name}.${member.name} is gone`);
  }
  const versions = Object.values(truth.crc).flatMap((unit) =>
    Object.entries(unit.changed).filter(([, [was]]) => was !== null),
  );
  for (const [name] of versions) faults.push(`the version of ${name} changes`);
  return { faults, class: truth.summary.class, crc: versions.length };
}

let [unsafe, found, held] = [0, 0, 0];
console.log('| case | verdict | rewrite | its verdict | gcc, pahole, genksyms | |\n|---|---|---|---|---|---|');
for (const id of readdirSync(join(oracle, 'cases')).sort()) {
  if (values.case !== undefined && !values.case.split(',').includes(id)) continue;
  const dir = join(oracle, 'cases', id);
  const spec = JSON.parse(readFileSync(join(dir, 'case.json'), 'utf8'));
  const patches = spec.patches ?? [spec.patch ?? 'change.patch'];
  const review = await reviewed(dir, spec, patches);
  if (['none', 'guarded'].includes(review.verdict)) continue;
  unsafe++;
  const [fix] = review.fixes;
  if (fix === undefined) {
    const why = review.missing.find(({ what }) => what === 'a safe alternative')?.why ?? '-';
    console.log(`| ${id} | ${review.verdict} | none: ${why} | | | |`);
    continue;
  }
  found++;
  const { faults, class: kind } = measured(dir, spec, patches, fix);
  if (faults.length === 0) held++;
  console.log(
    `| ${id} | ${review.verdict} | ${fix.title} | ${fix.verdict} | ${kind} | ${faults.length === 0 ? 'holds' : faults.slice(0, 3).join('; ')} |`,
  );
}
console.log(
  `\n| unsafe cases | rewrites found | hold by the toolchain |\n|---|---|---|\n| ${unsafe} | ${found} | ${held} |`,
);
process.exitCode = held === found && held >= 15 ? 0 : 1;
