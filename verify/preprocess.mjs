#!/usr/bin/env node
/**
 * Is our token stream the one that `gcc -E` prints?
 *
 *   npm run verify:preprocess [-- --source DIR --build DIR --arch NAME --cc GCC --count N --unit FILE...]
 *
 * Units spread evenly over the tree's C files whose objects the configuration builds, both views, the same -I, -include, -D
 * and predefined macros on both sides. Tokens are compared by kind and spelling. Prints each first difference, then the counts;
 * exits 1 on a difference.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LexCache } from '../dist/c/lex/lex-cache.js';
import { textOf } from '../dist/c/lex/spelling.js';
import { tokenize } from '../dist/c/lex/tokenize.js';
import { BeginsLine, End, Pragma } from '../dist/c/lex/tokens.js';
import { predefinedMacros } from '../dist/c/predefined.js';
import { preprocess } from '../dist/c/preprocess/preprocess.js';
import { directoryTree } from '../dist/disk/trees/directory-tree.js';
import { readConfig } from '../dist/kernel/config.js';
import { builtTree } from '../dist/kernel/generated.js';
import { unitsOf } from '../dist/kernel/kbuild.js';
import { archDirectory, flaggedUnit } from '../dist/kernel/unit.js';

const { values } = parseArgs({
  options: {
    source: { type: 'string' },
    build: { type: 'string' },
    arch: { type: 'string', default: 'x86_64' },
    cc: { type: 'string', default: 'gcc' },
    count: { type: 'string', default: '200' },
    unit: { type: 'string', multiple: true },
  },
});
const newest = (dir, pattern) =>
  (existsSync(dir) ? readdirSync(dir) : [])
    .filter((name) => pattern.test(name))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1) ?? 'absent';
const cached = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kabiwatch/kernel');
const source = values.source ?? join(cached, newest(cached, /^linux-source-/));
const build = values.build ?? join('/usr/src', newest('/usr/src', /^linux-headers-6\.1\.0-\d+-amd64$/));
for (const path of [source, build]) {
  if (existsSync(path)) continue;
  console.log(`skipped: ${path} is not here`);
  process.exit(0);
}
const predefined = predefinedMacros(values.arch);
const sourceTree = directoryTree(source);
const buildTree = directoryTree(build);
const config = readFileSync(join(build, '.config'), 'latin1');
const plain = new Map([...readConfig(config)].map(([name, value]) => [name, value.replace(/^"(.*)"$/, '$1')]));
const tree = builtTree(sourceTree, buildTree, archDirectory(sourceTree, values.arch), config);
const known = new Map(
  unitsOf(tree, plain, values.arch)
    .units.filter(({ source: path, language }) => path !== null && language === 'c')
    .map((unit) => [unit.source, unit]),
);
const all = [...known.keys()].sort();
const count = Math.min(Number(values.count), all.length);
const chosen = values.unit ?? Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)]);
const scratch = mkdtempSync(join(tmpdir(), 'kabiwatch-preprocess-'));

/** The same predefined macros: gcc's own are undone, ours given as a file before all others. */
function gccTokens(unit) {
  const first = join(scratch, 'predefined.h');
  writeFileSync(first, unit.predefined);
  const roots = [source, build];
  const at = (path) => roots.map((root) => join(root, path)).find((path) => existsSync(path));
  const dirs = unit.includePaths.flatMap((dir) => roots.map((root) => `-I${join(root, dir)}`));
  const forced = unit.forced.flatMap((path) => ['-include', at(path) ?? path]);
  const defines = unit.defines.map((define) => `-D${define}`);
  const maps = roots.map((root) => `-fmacro-prefix-map=${root}/=`);
  const command = ['-E', '-P', '-w', '-undef', '-std=gnu11', '-nostdinc', ...maps, ...defines, '-include', first];
  const done = spawnSync(values.cc, [...command, ...dirs, ...forced, at(unit.path)], { maxBuffer: 1 << 30 });
  return done.status === 0
    ? tokenize(done.stdout)
    : done.stderr
        .toString()
        .split('\n')
        .find((line) => /error/.test(line));
}

function differs(ours, theirs) {
  let i = 0;
  let j = 0;
  for (; ours.kind[i] !== End || theirs.kind[j] !== End; i++, j++) {
    if (ours.kind[i] === Pragma) {
      // One token here, a line of tokens there.
      let line = '';
      for (let at = j + 2; at === j + 2 || !(theirs.flags[at] & BeginsLine); at++) line += textOf(theirs.spelling[at]);
      if (textOf(theirs.spelling[j + 1]) !== 'pragma' || line !== textOf(ours.spelling[i]).replace(/\s+/g, ''))
        return around(ours, i, theirs, j);
      for (j++; !(theirs.flags[j + 1] & BeginsLine); ) j++;
      continue;
    }
    if (ours.spelling[i] !== theirs.spelling[j] || ours.kind[i] !== theirs.kind[j]) return around(ours, i, theirs, j);
  }
  return null;
}

function around(ours, i, theirs, j) {
  const text = (tokens, at) =>
    Array.from({ length: 16 }, (_, k) => textOf(tokens.spelling[at - 8 + k] ?? 0))
      .map((one, k) => (k === 8 ? `>>${one}` : one))
      .join(' ');
  return `token ${i}\n    ours ${text(ours, i)}\n    gcc  ${text(theirs, j)}`;
}

const cache = new LexCache();
const counts = { compared: 0, equal: 0, different: 0, refused: 0 };
let milliseconds = 0;
for (const path of chosen) {
  for (const view of ['compiler', 'genksyms']) {
    const { basename, modname, modfile, flags } = known.get(path);
    const unit = flaggedUnit(path, { basename, modname, modfile }, flags, predefined, view);
    const start = performance.now();
    const ours = preprocess(unit, tree, cache);
    milliseconds += performance.now() - start;
    const theirs = gccTokens(unit);
    if (typeof theirs !== 'object') {
      counts.refused++;
      console.log(`${path} (${view}): ${values.cc} refuses it: ${theirs}; ours missing: ${ours.missing[0]?.what}`);
      continue;
    }
    counts.compared++;
    const difference = differs(ours.tokens, theirs);
    counts[difference === null ? 'equal' : 'different']++;
    if (difference !== null) console.log(`${path} (${view}): ${difference}`);
  }
}
rmSync(scratch, { recursive: true });
console.log(
  Object.entries(counts)
    .map(([name, n]) => `${name} ${n}`)
    .join(', '),
);
console.log(`${(milliseconds / (2 * chosen.length)).toFixed(0)} ms a unit and view`);
process.exitCode = counts.different > 0 || counts.compared === 0 ? 1 : 0;
