#!/usr/bin/env node
/**
 * Are the layouts that src/c computes from source those that Debian's kernel was shipped with, by its own BTF?
 *
 *   npm run verify:layout-btf [-- --source DIR --build DIR... --btf FILE --arch NAME --cc GCC --all --list]
 *
 * Every unit that the config builds into vmlinux from kernel/ mm/ fs/ net/core/ block/ drivers/base/ drivers/pci/ (--all:
 * from anywhere) is preprocessed and read; every named struct and union that the BTF also has must have one equal there:
 * size, and bit offset and bit size of every member. Prints the differences, then one table. Exits 1 on a difference.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { layoutsOf } from '../dist/btf/layouts.js';
import { flatMembers } from '../dist/c/layout.js';
import { LexCache } from '../dist/c/lex/lex-cache.js';
import { readDeclarations } from '../dist/c/parse/declarations.js';
import { preprocess } from '../dist/c/preprocess/preprocess.js';
import { targets } from '../dist/c/target.js';
import { readBtfFile } from '../dist/disk/references/btf-file.js';
import { directoryTree } from '../dist/disk/trees/directory-tree.js';
import { unitsOf } from '../dist/kernel/kbuild.js';
import { flaggedUnit } from '../dist/kernel/unit.js';
import { table } from '../dist/report/table.js';
import { unionTree } from '../dist/tree/union.js';
import { acceptedOptions } from './accepted-options.mjs';

const { values } = parseArgs({
  options: {
    source: { type: 'string' },
    build: { type: 'string', multiple: true },
    btf: { type: 'string' },
    arch: { type: 'string' },
    cc: { type: 'string' },
    all: { type: 'boolean' },
    list: { type: 'boolean' },
  },
});
const newest = (dir, pattern) =>
  existsSync(dir)
    ? readdirSync(dir)
        .filter((name) => pattern.test(name))
        .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
        .at(-1)
    : undefined;
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kabiwatch/kernel');
const source = values.source ?? join(cache, newest(cache, /^linux-source-/) ?? 'absent');
const builds = values.build ?? [join('/usr/src', newest('/usr/src', /^linux-headers-6\.1\.0-\d+-amd64$/) ?? 'absent')];
const btfFile = values.btf ?? findImage();
const arch = values.arch ?? 'x86_64';
const cc = values.cc ?? 'gcc';
const machine = { x86_64: 'x86_64', aarch64: 'arm64' }[arch] ?? arch;
for (const path of [source, ...builds, btfFile])
  if (!existsSync(path)) {
    console.log(`skipped: ${path} is not here`);
    process.exit(0);
  }

function findImage() {
  const image = newest(cache, /^linux-image-6\.1\.0-\d+-amd64$/) ?? 'linux-image';
  return join(cache, image, 'boot', newest(join(cache, image, 'boot'), /^vmlinuz-/) ?? 'vmlinuz');
}

const config = new Map();
for (const line of readFileSync(join(builds[0], '.config'), 'utf8').split('\n')) {
  const [, name, value] = /^(CONFIG_\w+)=(.*)$/.exec(line) ?? [];
  if (name !== undefined) config.set(name, value.replace(/^"(.*)"$/, '$1'));
}
const tree = unionTree([directoryTree(source), ...builds.map((build) => directoryTree(build))]);
const wanted = /^(kernel|mm|fs|net\/core|block|drivers\/base|drivers\/pci)\//;
const units = unitsOf(tree, config, machine).units.filter(
  ({ source: path, place, language }) =>
    path !== null && place === 'builtin' && language === 'c' && (values.all || wanted.test(path)),
);

const predefined = new Map();
/** The compiler's own macros under the options of a unit; options that only the kernel's own compiler has are left out. */
function predefinedBy(options) {
  const key = options.filter((option) => /^-([mOfs]|std)/.test(option) && !/plugin|randomize/.test(option));
  const text = key.join(' ');
  let known = predefined.get(text);
  if (known === undefined) {
    known = execFileSync(cc, [...acceptedOptions(cc, key), '-dM', '-E', '-xc', '/dev/null'], { encoding: 'latin1' });
    predefined.set(text, known);
  }
  return known;
}

/** As text, so that layouts can be looked up. */
function spelled({ size }, members) {
  return `${size}; ${members.map(({ name, bitOffset, bitSize }) => `${name} ${bitOffset}:${bitSize}`).join('; ')}`;
}

const truth = new Map();
for (const layout of layoutsOf(readBtfFile(btfFile))) {
  if (layout.name === null || layout.typedef) continue;
  const key = `${layout.kind} ${layout.name}`;
  if (!truth.has(key)) truth.set(key, new Map());
  truth.get(key).set(spelled(layout, flatMembers(layout)), layout);
}

const start = performance.now();
const lexed = new LexCache();
const found = new Set();
const differs = new Map();
const told = new Set();
const unreadable = [];
let compared = 0;
let equal = 0;
for (const unit of units) {
  const view = preprocess(
    {
      ...flaggedUnit(unit.source, unit, unit.flags, '', 'compiler'),
      predefined: predefinedBy(unit.flags.options),
    },
    tree,
    lexed,
    'empty',
  );
  for (const { what, why } of view.missing) told.add(`${what}: ${why}`);
  const declared = readDeclarations(view.tokens, { target: targets[arch], msExtensions: view.msExtensions });
  for (const { why, at } of declared.missing)
    unreadable.push(`${view.files[declared.tokens.file[at]]} (${unit.source}): ${why}`);
  for (const [key, records] of declared.records) {
    const known = truth.get(key);
    if (known === undefined) continue;
    found.add(key);
    for (const record of records) {
      const layout = declared.layouts.of(record);
      const text = 'why' in layout ? layout.why : spelled(layout, flatMembers(layout));
      compared++;
      if (known.has(text)) equal++;
      else {
        const place = view.files[declared.tokens.file[record.first]];
        const reason = `${key} (${place}, read in ${unit.source})\n  source ${text}\n  BTF    ${[...known.keys()].join('\n         ')}`;
        if (!differs.has(`${key} ${text}`)) differs.set(`${key} ${text}`, reason);
      }
    }
  }
}
const absent = [...truth.keys()].filter((key) => !found.has(key));
for (const reason of differs.values()) console.log(reason);
for (const reason of [...new Set(unreadable)].slice(0, 50)) console.log(`not read: ${reason}`);
for (const what of [...told].slice(0, 50)) console.log(`missing: ${what}`);
if (values.list) for (const key of absent) console.log(`not found: ${key}`);
const share = ((100 * found.size) / truth.size).toFixed(1);
const seconds = ((performance.now() - start) / 1000).toFixed(1);
console.log(
  table([
    ['units', 'definitions compared', 'equal', 'different', 'names in BTF', 'found', 'not found', 'seconds', 'MB'],
    [
      ...[units.length, compared, equal, compared - equal, truth.size, `${found.size} (${share}%)`, absent.length],
      ...[seconds, Math.round(process.resourceUsage().maxRSS / 1024)],
    ].map(String),
  ]).join('\n'),
);
process.exitCode = differs.size > 0 || unreadable.length > 0 ? 1 : 0;
