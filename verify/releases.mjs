// A release's real source difference, reviewed with the release before as the reference, against the newer Module.symvers:
//   npm run verify:releases -- --reference R --tree OLD --build OLDBUILD --next-tree NEW --next-build NEWBUILD
//       [--btf OLDIMAGE --next-btf NEWIMAGE] [--review FILE]
// Prints precision and recall of the changed versions, and how many new values are equal; each miss up to 20. With two boot images also
// precision and recall of the types whose layout differs in the kernels' own BTF. --review keeps the review there, or takes what is there.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readSymvers } from '../dist/kernel/symvers.js';
import { btfDifference, typesLaidOutOtherwise } from './btf-difference.mjs';

const text = { type: 'string' };
const options = {
  ...{ reference: text, tree: text, build: text, 'next-tree': text, 'next-build': text },
  ...{ btf: text, 'next-btf': text, review: text },
};
const { values } = parseArgs({ options });
const main = new URL('../dist/cli/main.js', import.meta.url).pathname;
const dir = mkdtempSync(join(tmpdir(), 'kabiwatch-releases-'));

/** Paths as in a git diff of one tree. */
function difference() {
  symlinkSync(resolve(values.tree), join(dir, 'old'));
  symlinkSync(resolve(values['next-tree']), join(dir, 'new'));
  const args = ['diff', '--no-index', '--no-renames', '--no-prefix', 'old/', 'new/'];
  const { stdout } = spawnSync('git', args, { cwd: dir, encoding: 'latin1', maxBuffer: 1 << 30 });
  return (
    stdout
      // A file that one tree alone has stands with that one's name twice.
      .replace(/^diff --git (?:old|new)\/(.*) (?:old|new)\/\1$/gm, 'diff --git a/$1 b/$1')
      .replace(/^(---|\+\+\+) (old|new)\//gm, (_, mark, side) => `${mark} ${side === 'old' ? 'a' : 'b'}/`)
  );
}

function symvers(build) {
  const { symbols } = readSymvers(readFileSync(join(build, 'Module.symvers'), 'latin1'));
  return new Map(symbols.map(({ name, module, crc }) => [`${module} ${name}`, crc]));
}

function againstBtf(review) {
  const { both, differ } = btfDifference(values.btf, values['next-btf']);
  const told = typesLaidOutOtherwise(review).map(({ kind, name, file }) => ({ key: `${kind} ${name}`, file }));
  const known = told.filter(({ key }) => both.has(key));
  const right = known.filter(({ key }) => differ.has(key));
  const missed = [...differ].filter((key) => !known.some((one) => one.key === key));
  const isHeader = missed.map((key) => declaredInHeader(key));
  const wrong = known.filter(({ key }) => !differ.has(key));
  for (const { key, file } of wrong) console.log(`told, and the BTF does not differ: ${key} (${file})`);
  for (const [at, key] of missed.entries())
    console.log(`differs, and was not told: ${key} (${isHeader[at] ? 'a header' : 'no header'})`);
  const inHeaders = right.filter(({ file }) => file.endsWith('.h')).length;
  const missedInHeaders = isHeader.filter(Boolean).length;
  const rate = (part, whole) => (whole === 0 ? 1 : part / whole).toFixed(4);
  console.log(
    '\n| types differ in BTF | told | of these in both BTFs | right | precision | recall | recall of types in headers |',
  );
  console.log('|---|---|---|---|---|---|---|');
  console.log(
    `| ${differ.size} | ${told.length} | ${known.length} | ${right.length} | ${rate(right.length, known.length)} | ${rate(right.length, differ.size)} | ${rate(inHeaders, inHeaders + missedInHeaders)} |`,
  );
}

/** Does a header of either tree define it? */
function declaredInHeader(key) {
  const trees = [values.tree, values['next-tree']];
  const pattern = `\\b${key.replace(' ', '[[:space:]]+')}[[:space:]]*(\\{|$)`;
  return trees.some((tree) => spawnSync('grep', ['-rqE', '--include=*.h', pattern, tree]).status === 0);
}

const unchanged = { symbols: { changed: [], added: [], removed: [] }, types: [], missing: [], verdict: 'none' };

/** The review of the whole difference, as the command prints it. */
function reviewed() {
  const kept = values.review;
  if (kept !== undefined && existsSync(kept))
    return { review: JSON.parse(readFileSync(kept, 'utf8')), seconds: 'kept' };
  const file = join(dir, 'next.patch');
  const patch = difference();
  // Two releases of one source: there is nothing to review, and nothing may have changed.
  if (patch === '') return { review: unchanged, seconds: 0 };
  writeFileSync(file, patch, 'latin1');
  const started = performance.now();
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      ...[main, 'review', '--reference', values.reference, '--tree', values.tree, '--build', values.build],
      ...['--json', '--no-advice', file],
    ],
    { encoding: 'utf8', maxBuffer: 1 << 30 },
  );
  if (stdout === '') throw new Error(stderr);
  if (kept !== undefined) writeFileSync(kept, stdout);
  return { review: JSON.parse(stdout), seconds: ((performance.now() - started) / 1000).toFixed(1) };
}

try {
  const { review, seconds } = reviewed();
  const { symbols, missing, verdict } = review;
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
  if (values.btf !== undefined && values['next-btf'] !== undefined) againstBtf(review);
} finally {
  rmSync(dir, { recursive: true });
}
