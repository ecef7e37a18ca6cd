#!/usr/bin/env node
/**
 * Are the layouts that src/c computes from a kernel's own headers those of a cross compiler? For architectures whose kernels are
 * shipped without BTF.
 *
 *   npm run verify:layout-cross -- --source DIR --build DIR --arch s390x --cc s390x-linux-gnu-gcc [--count 500]
 *
 * Units spread over what the config builds in are preprocessed by us; the compiler says size, alignment and the offset of each member
 * that is no bit-field (those have no offset in C) of the named structs and unions in that text. Prints each difference, then one
 * table. Exits 1 on a difference.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { flatMembers } from '../dist/c/layout.js';
import { LexCache } from '../dist/c/lex/lex-cache.js';
import { printedTokens } from '../dist/c/lex/printed-tokens.js';
import { readDeclarations } from '../dist/c/parse/declarations.js';
import { predefinedMacros } from '../dist/c/predefined.js';
import { preprocess } from '../dist/c/preprocess/preprocess.js';
import { targets } from '../dist/c/target.js';
import { directoryTree } from '../dist/disk/trees/directory-tree.js';
import { configFacts } from '../dist/kernel/config-facts.js';
import { builtTree } from '../dist/kernel/generated.js';
import { unitsOf } from '../dist/kernel/kbuild.js';
import { archDirectory, flaggedUnit } from '../dist/kernel/unit.js';
import { table } from '../dist/report/table.js';
import { acceptedOptions } from './accepted-options.mjs';

const { values } = parseArgs({
  options: {
    source: { type: 'string', default: 'absent' },
    build: { type: 'string', default: 'absent' },
    arch: { type: 'string', default: 's390x' },
    cc: { type: 'string' },
    count: { type: 'string', default: '500' },
  },
});
const { source, build, arch } = values;
const cc = values.cc ?? `${arch}-linux-gnu-gcc`;
for (const path of [source, join(build, '.config')])
  if (!existsSync(path)) {
    console.log(`skipped: ${path} is not here`);
    process.exit(0);
  }
if (spawnSync(cc, ['--version']).status !== 0) {
  console.log(`skipped: ${cc} is not installed`);
  process.exit(0);
}
const tree0 = directoryTree(source);
const config = readFileSync(join(build, '.config'), 'latin1');
const tree = builtTree(tree0, directoryTree(build), archDirectory(tree0, arch), config);
const units = unitsOf(tree, configFacts(config).values, arch).units.filter(
  (unit) => unit.source !== null && unit.language === 'c' && unit.place === 'builtin',
);
const predefined = predefinedMacros(arch);
const cache = new LexCache();
const seen = new Set();
const counts = { units: 0, types: 0, numbers: 0, equal: 0, different: 0, bitfields: 0, refused: 0 };

/** What the compiler makes of the expressions, in this text; null where it refuses. */
function answers(text, unit, expressions) {
  const layoutOptions = unit.flags.options.filter((one) => /^-m|^-f(short-wchar|pack-struct|short-enums)/.test(one));
  const options = acceptedOptions(cc, layoutOptions);
  const asked = `\nunsigned long long kabiwatch_answers[] = {\n${expressions.join(',\n')}\n};\n`;
  const command = ['-std=gnu11', '-w', '-O0', ...options, '-S', '-o', '-', '-x', 'cpp-output', '-'];
  const done = spawnSync(cc, command, { input: text + asked, encoding: 'latin1', maxBuffer: 1 << 30 });
  if (done.status !== 0) {
    console.log(`${unit.source}: ${cc}: ${done.stderr.split('\n').find((line) => /error/.test(line))}`);
    return null;
  }
  const [, data] = done.stdout.split('kabiwatch_answers:\n');
  const found = [];
  for (const line of data.split('\n')) {
    const [, directive, value] = /^\s*\.(quad|xword|dword|8byte|zero|skip|space)\s+(\d+)/.exec(line) ?? [];
    if (directive === undefined) break;
    if (/zero|skip|space/.test(directive)) for (let i = 0; i < Number(value) / 8; i++) found.push(0);
    else found.push(Number(value));
  }
  return found;
}

for (let at = 0; at < units.length && counts.types < Number(values.count); at++) {
  // Spread: far from one another first.
  const unit = units[(at * 97) % units.length];
  const { tokens, msExtensions } = preprocess(
    flaggedUnit(unit.source, unit, unit.flags, predefined, 'compiler'),
    tree,
    cache,
    'empty',
  );
  const declared = readDeclarations(tokens, { target: targets[arch], msExtensions });
  const questions = [];
  for (const [key, records] of declared.records) {
    const [record] = records;
    if (seen.has(key) || records.length !== 1 || !/^(struct|union) \w+$/.test(key)) continue;
    const layout = declared.layouts.of(record, null);
    if (!('size' in layout)) continue;
    seen.add(key);
    questions.push([`sizeof(${key})`, layout.size], [`_Alignof(${key})`, layout.align]);
    for (const { name, bitOffset, bitSize } of flatMembers(layout)) {
      if (bitSize > 0) counts.bitfields++;
      else questions.push([`__builtin_offsetof(${key}, ${name})`, bitOffset / 8]);
    }
    counts.types++;
  }
  if (questions.length === 0) continue;
  counts.units++;
  const theirs = answers(
    printedTokens(tokens),
    unit,
    questions.map(([expression]) => expression),
  );
  if (theirs === null || theirs.length !== questions.length) {
    counts.refused += questions.length;
    continue;
  }
  questions.forEach(([expression, ours], i) => {
    counts.numbers++;
    counts[ours === theirs[i] ? 'equal' : 'different']++;
    if (ours !== theirs[i]) console.log(`${unit.source}: ${expression}: ${ours} here, ${theirs[i]} by ${cc}`);
  });
}
console.log(table([Object.keys(counts), Object.values(counts).map(String)]).join('\n'));
process.exitCode = counts.different > 0 || counts.numbers === 0 ? 1 : 0;
