// A release's real source difference, reviewed with the release before as the reference, against the newer Module.symvers:
//   node verify/releases.mjs --reference R --tree OLD --build OLDBUILD --next-tree NEW --next-build NEWBUILD
// Prints precision and recall of the changed versions, and how many new values are equal; each miss up to 20.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readSymvers } from '../dist/kernel/symvers.js';

const text = { type: 'string' };
const options = { reference: text, tree: text, build: text, 'next-tree': text, 'next-build': text };
const { values } = parseArgs({ options });
const main = new URL('../dist/cli/main.js', import.meta.url).pathname;
const dir = mkdtempSync(join(tmpdir(), 'kabiwatch-releases-'));

/** Paths as in a git diff of one tree. */
function difference() {
  symlinkSync(resolve(values.tree), join(dir, 'old'));
  symlinkSync(resolve(values['next-tree']), join(dir, 'new'));
  const args = ['diff', '--no-index', '--no-renames', '--no-prefix', 'old/', 'new/'];
  const { stdout } = spawnSync('git', args, { cwd: dir, encoding: 'latin1', maxBuffer: 1 << 30 });
  return stdout
    .replace(/^diff --git old\/(.*) new\/.*$/gm, 'diff --git a/$1 b/$1')
    .replace(/^(---|\+\+\+) (old|new)\//gm, (_, mark, side) => `${mark} ${side === 'old' ? 'a' : 'b'}/`);
}

function symvers(build) {
  const { symbols } = readSymvers(readFileSync(join(build, 'Module.symvers'), 'latin1'));
  return new Map(symbols.map(({ name, module, crc }) => [`${module} ${name}`, crc]));
}

try {
  const file = join(dir, 'next.patch');
  writeFileSync(file, difference(), 'latin1');
  const started = performance.now();
  const args = [
    main,
    'review',
    '--reference',
    values.reference,
    '--tree',
    values.tree,
    '--build',
    values.build,
    '--json',
    '--no-advice',
    file,
  ];
  const { stdout, stderr } = spawnSync(process.execPath, ['--max-old-space-size=6000', ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  if (stdout === '') throw new Error(stderr);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const { symbols, missing, verdict } = JSON.parse(stdout);
  if (process.env.KEEP_REVIEW !== undefined) writeFileSync(process.env.KEEP_REVIEW, stdout);
  const [was, is] = [symvers(values.build), symvers(values['next-build'])];
  const truth = new Map([...is].filter(([key, crc]) => was.has(key) && was.get(key) !== crc));
  const told = new Map(symbols.changed.map(({ name, module, after }) => [`${module} ${name}`, Number(after)]));
  const right = [...told.keys()].filter((key) => truth.has(key));
  const value = right.filter((key) => told.get(key) === truth.get(key));
  const added = [...is.keys()].filter((key) => !was.has(key)).map((key) => key.split(' ')[1]);
  const removed = [...was.keys()].filter((key) => !is.has(key)).map((key) => key.split(' ')[1]);
  const lists = [
    ['told, and it did not change', [...told.keys()].filter((key) => !truth.has(key))],
    ['changed, and was not told', [...truth.keys()].filter((key) => !told.has(key))],
    ['another value', right.filter((key) => told.get(key) !== truth.get(key))],
    ['added, and was not told', added.filter((name) => !symbols.added.includes(name))],
    ['removed, and was not told', removed.filter((name) => !symbols.removed.includes(name))],
    [
      'told as added or removed, and is not',
      [
        ...symbols.added.filter((name) => !added.includes(name)),
        ...symbols.removed.filter((name) => !removed.includes(name)),
      ],
    ],
  ];
  for (const [what, keys] of lists) {
    if (keys.length > 0) console.log(`${what}: ${keys.length}`);
    for (const key of keys.slice(0, 20)) console.log(`  ${key}`);
  }
  for (const { what, why } of missing.slice(0, 10)) console.log(`missing: ${what}: ${why}`);
  const rate = (part, whole) => (whole === 0 ? 1 : part / whole);
  const precision = rate(right.length, told.size);
  const recall = rate(right.length, truth.size);
  console.log(
    '\n| shipped changes | told | right | precision | recall | equal new value | verdict | seconds |\n|---|---|---|---|---|---|---|---|',
  );
  console.log(
    `| ${truth.size} | ${told.size} | ${right.length} | ${precision.toFixed(5)} | ${recall.toFixed(5)} | ${value.length} | ${verdict} | ${seconds} |`,
  );
  process.exitCode = precision >= 0.995 && recall >= 0.995 ? 0 : 1;
} finally {
  rmSync(dir, { recursive: true });
}
