// Who uses a member or a size, by kabiwatch and by clang's own AST: node verify/consumers.mjs --tree D --build B [--units FILE]
// The questions: 60 members and 20 types, common names included. Prints a row each, precision and recall.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { treeInput } from '../dist/disk/tree-input.js';
import { consumersOf } from '../dist/kabi/consumers/consumers.js';

const { values } = parseArgs({
  options: { tree: { type: 'string' }, build: { type: 'string' }, truth: { type: 'string' } },
});
const words = (name) =>
  readFileSync(new URL(`consumers/${name}.txt`, import.meta.url), 'utf8')
    .split('\n')
    .filter(Boolean);
const units = words('units');
const run = () =>
  spawnSync('/usr/bin/python3', ['test/truth/clang-uses.py', values.tree, values.build, ...units], {
    maxBuffer: 2 ** 30,
  }).stdout;
const lines = (values.truth === undefined ? run() : readFileSync(values.truth)).toString().split('\n').filter(Boolean);

const truth = new Map();
const compiled = new Set();
/** `file function` of what clang compiled: what a header's macro spells stands in none of its functions. */
const functions = new Set();
for (const line of lines) {
  const { unit, kind, file, line: at, record, member, function: name } = JSON.parse(line);
  if (kind === undefined) compiled.add(unit);
  else {
    functions.add(`${file} ${name}`);
    const key = kind === 'access' ? `${record}.${member}` : `${kind} ${record}`;
    truth.set(key, (truth.get(key) ?? new Set()).add(`${file}:${at}`));
  }
}

const question = treeInput({ tree: values.tree, build: [values.build], arch: null }).whoUses();
let [found, wrong, missed] = [0, 0, 0];
console.log('| asked | clang | found | wrong | missed | not resolved | ms |\n|---|---|---|---|---|---|---|');
for (const asked of words('asked')) {
  const isSize = /^(sizeof|define) /.test(asked);
  const [, kind, name, member] = isSize ? [null, ...asked.split(/ (.*)/)] : [null, 'access', ...asked.split('.')];
  const started = performance.now();
  const { consumers, unresolved } = consumersOf([{ name, members: isSize ? [] : [member], resized: isSize }], question);
  const ms = performance.now() - started;
  const theirs = truth.get(asked) ?? new Set();
  const counts = (place) => compiled.has(place.split(':')[0]) || place.split(':')[0].endsWith('.h');
  const seen = ({ file, function: name }) => compiled.has(file) || functions.has(`${file} ${name}`);
  const ours = new Set(
    consumers.filter((one) => one.kind === kind && seen(one)).map(({ file, line }) => `${file}:${line}`),
  );
  const inScope = [...theirs].filter(counts);
  const extra = [...ours].filter((place) => !theirs.has(place));
  const lost = inScope.filter((place) => !ours.has(place));
  found += inScope.length - lost.length;
  wrong += extra.length;
  missed += lost.length;
  const open = unresolved.filter(({ file }) => compiled.has(file)).length;
  console.log(
    `| ${asked} | ${inScope.length} | ${inScope.length - lost.length} | ${extra.length} | ${lost.length} | ${open} | ${ms.toFixed(0)} |`,
  );
  for (const place of extra.slice(0, 3)) console.log(`  wrong: ${place}`);
  for (const place of lost.slice(0, 3)) console.log(`  missed: ${place}`);
}
const precision = found / (found + wrong);
const recall = found / (found + missed);
console.log(
  `\nprecision ${precision.toFixed(4)}, recall ${recall.toFixed(4)} (${found} found, ${wrong} wrong, ${missed} missed)`,
);

// Beside the questions: every member, sizeof and object that clang saw in the sources of these units, whoever's it is.
const all = { found: 0, wrong: 0, missed: 0 };
for (const [key, theirs] of truth) {
  const name = /^(sizeof|define) /.test(key) ? key : `access ${key}`;
  const record = name.replace(/^(\w+) ([^ .]+)(\.|$)/, '$1 struct /$2$3');
  const inSources = ({ file }) => compiled.has(file);
  const ours = new Set(
    question.index
      .uses(record)
      .filter(inSources)
      .map(({ file, line }) => `${file}:${line}`),
  );
  const inScope = [...theirs].filter((place) => compiled.has(place.split(':')[0]));
  const right = inScope.filter((place) => ours.has(place)).length;
  all.found += right;
  all.missed += inScope.length - right;
  all.wrong += ours.size - right;
}
console.log(
  `every record in these ${compiled.size} sources: precision ${(all.found / (all.found + all.wrong)).toFixed(4)}, recall ${(all.found / (all.found + all.missed)).toFixed(4)}, of ${all.found + all.missed} uses`,
);
process.exitCode = precision >= 0.99 && recall >= 0.97 ? 0 : 1;
