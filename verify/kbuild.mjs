#!/usr/bin/env node
/**
 * Is what src/kernel/kbuild says of Debian's kernel what Debian shipped?
 *
 *   npm run verify:kbuild [-- --source DIR --build DIR --image DIR --arch NAME]
 *
 * source: the kernel source; build: the headers package (.config, Module.symvers); image: the unpacked linux-image package
 * (modules.order, modules.builtin), fetched with apt-get into the cache where it is not given. Exits 1 on a difference.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { tokenize } from '../dist/c/lex/tokenize.js';
import { directoryTree } from '../dist/disk/trees/directory-tree.js';
import { exportsOf } from '../dist/kernel/exports.js';
import { unitsOf } from '../dist/kernel/kbuild.js';
import { readSymvers } from '../dist/kernel/symvers.js';

const { values } = parseArgs({
  options: {
    source: { type: 'string' },
    build: { type: 'string' },
    image: { type: 'string' },
    arch: { type: 'string' },
  },
});
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kabiwatch/kernel');
const newest = (dir, pattern) =>
  readdirSync(dir)
    .filter((name) => pattern.test(name))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1);
const source = values.source ?? join(cache, newest(cache, /^linux-source-/));
const build = values.build ?? join('/usr/src', newest('/usr/src', /^linux-headers-6\.1\.0-\d+-amd64$/));
const image = values.image ?? fetchImage(basename(build).replace('linux-headers', 'linux-image'));
const arch = values.arch ?? 'x86_64';

function fetchImage(name) {
  const dir = join(cache, name);
  if (existsSync(dir)) return dir;
  mkdirSync(cache, { recursive: true });
  execFileSync('apt-get', ['download', name], { cwd: cache, stdio: ['ignore', 'ignore', 'inherit'] });
  const deb = newest(cache, new RegExp(`^${name}_.*\\.deb$`));
  execFileSync('dpkg-deb', ['-x', join(cache, deb), dir]);
  return dir;
}

function lines(file) {
  return readFileSync(file, 'utf8').trim().split('\n');
}

const config = new Map();
for (const line of lines(join(build, '.config'))) {
  const [, name, value] = /^(CONFIG_\w+)=(.*)$/.exec(line) ?? [];
  if (name !== undefined) config.set(name, value.replace(/^"(.*)"$/, '$1'));
}
const tree = directoryTree(source);
const start = process.hrtime.bigint();
const { units, modules, missing } = unitsOf(tree, config, arch);
const ms = Number(process.hrtime.bigint() - start) / 1e6;
const builtin = units.filter((unit) => unit.place === 'builtin');
console.log(`source ${source}\nbuild  ${build}\nimage  ${image}\n`);
console.log(`${units.length} units, ${builtin.length} built in, ${modules.length} modules, in ${ms.toFixed(0)} ms`);
for (const { what, why } of missing) console.log(`  missing: ${what}: ${why}`);

let differences = 0;
function compare(what, ours, shipped) {
  const [a, b] = [new Set(ours), new Set(shipped)];
  const less = [...b].filter((name) => !a.has(name));
  const more = ours === null ? [] : [...a].filter((name) => !b.has(name));
  console.log(`${what}: ours ${a.size}, shipped ${b.size}, equal ${b.size - less.length}`);
  for (const name of less) console.log(`  only shipped: ${name}`);
  for (const name of more) console.log(`  only ours: ${name}`);
  differences += less.length + more.length;
}

const shippedAt = join(image, 'lib/modules', newest(join(image, 'lib/modules'), /./));
const strip = (line) => line.replace(/^kernel\//, '').replace(/\.ko$/, '');
const order = lines(join(shippedAt, 'modules.order')).map(strip);
compare('modules.order', modules, order);
console.log(`  same order: ${JSON.stringify(order) === JSON.stringify(modules) ? 'yes' : 'no'}`);

// modules.builtin has those built-in objects whose sources carry module information.
const tagged =
  /\bMODULE_(LICENSE|AUTHOR|DESCRIPTION|ALIAS|VERSION|INFO|IMPORT_NS|SOFTDEP|FIRMWARE)\s*\(|\bmodule_param|\b(core|late|early)_param/;
const text = (path) => Buffer.from(tree.read(path) ?? '').toString('latin1');
const withInfo = builtin.filter(
  ({ source: path, language }) => path !== null && language === 'c' && tagged.test(text(path)),
);
const shippedBuiltin = lines(join(shippedAt, 'modules.builtin')).map(strip);
const modfiles = new Set(builtin.map((unit) => unit.modfile));
const notOurs = shippedBuiltin.filter((name) => !modfiles.has(name));
console.log(`modules.builtin: shipped ${shippedBuiltin.length}, ours ${shippedBuiltin.length - notOurs.length}`);
for (const name of notOurs) console.log(`  only shipped: ${name}`);
differences += notOurs.length;
const listed = new Set(shippedBuiltin);
const licensed = new Set(
  withInfo.filter(({ source: path }) => /^MODULE_LICENSE\s*\(/m.test(text(path))).map((unit) => unit.modfile),
);
const unlisted = [...licensed].filter((name) => !listed.has(name));
console.log(`  built-in objects with MODULE_LICENSE that it does not list: ${unlisted.length}`);
for (const name of unlisted) console.log(`    ${name}`);

// Which file of which module exports what, against Module.symvers' module, license and namespace.
const { symbols } = readSymvers(readFileSync(join(build, 'Module.symvers'), 'utf8'));
const ours = new Map();
const read = new Map();

/** A file's exports, and those of the sources that it includes (kernel/sched/build_policy.c). */
function exportsIn(path, given) {
  const key = `${path}\0${given}`;
  if (read.has(key)) return read.get(key);
  read.set(key, []);
  const bytes = Buffer.from(tree.read(path) ?? '');
  const found = bytes.includes('EXPORT_') ? [...exportsOf(tokenize(bytes), given)] : [];
  for (const [, name] of bytes.toString('latin1').matchAll(/^#\s*include\s+"([^"]+\.c)"/gm))
    found.push(...exportsIn(join(dirname(path), name), given));
  read.set(key, found);
  return found;
}

for (const unit of units) {
  if (unit.source === null || unit.language === 'rust') continue;
  const given = unit.flags.defines.find(([name]) => name === 'DEFAULT_SYMBOL_NAMESPACE')?.[1] ?? null;
  for (const found of exportsIn(unit.source, given)) {
    const list = ours.get(found.name) ?? [];
    list.push({ ...found, module: unit.module ?? 'vmlinux' });
    ours.set(found.name, list);
  }
}
const wrong = { 'not found': [], 'other module': [], 'other license': [], 'other namespace': [] };
for (const symbol of symbols) {
  const found = ours.get(symbol.name);
  const here = found?.filter(({ module }) => module === symbol.module);
  if (found === undefined) wrong['not found'].push(symbol.name);
  else if (here.length === 0) wrong['other module'].push(`${symbol.name}: ${symbol.module}, ours ${found[0].module}`);
  else if (!here.some(({ license }) => license === symbol.license)) wrong['other license'].push(symbol.name);
  else if (!here.some(({ namespace }) => namespace === symbol.namespace)) wrong['other namespace'].push(symbol.name);
}
const bad = Object.values(wrong).flat().length;
console.log(
  `exports: ${symbols.length - bad} of ${symbols.length} symbols with the module, license and namespace of Module.symvers`,
);
for (const [what, names] of Object.entries(wrong)) {
  if (names.length > 0) console.log(`  ${what}: ${names.length}`);
  for (const name of names.slice(0, 60)) console.log(`    ${name}`);
}
process.exitCode = differences === 0 ? 0 : 1;
