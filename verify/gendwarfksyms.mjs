// What gendwarfksyms hashes, from source, against the tool itself on gcc's debug information:
//   npm run verify:gendwarfksyms -- --tool LINUX [--tree CONFIGURED_TREE] [--units 100] [--only PREFIX]
// LINUX is kernel source of 6.14 or later; its scripts/gendwarfksyms is compiled (libdw-dev). Each pair of test/cases/genksyms/gendwarfksyms.json
// is compiled before and after: is the version the same or another, as the case says? With a tree that is configured and prepared, the texts
// and versions of the exports of units spread over it. Lists what differs, each kind of text difference up to ten times.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readDeclarations } from '../dist/c/parse/declarations.js';
import { preprocess } from '../dist/c/preprocess/preprocess.js';
import { targets } from '../dist/c/target.js';
import { crcText } from '../dist/genksyms/crc.js';
import { dwarfDump, dwarfVersion } from '../dist/genksyms/dwarf-dump.js';
import { dwarfRules } from '../dist/genksyms/dwarf-rules.js';
import { flaggedUnit } from '../dist/kernel/unit.js';
import { unitVersions } from '../dist/kernel/unit-versions.js';
import { configuredTree, preprocessing, quoted } from './gcc-genksyms.mjs';

const text = { type: 'string' };
const { values: asked } = parseArgs({ options: { tool: text, tree: text, units: text, only: text } });
const sources = join(asked.tool ?? 'absent', 'scripts/gendwarfksyms');
if (!existsSync(sources)) {
  console.log('skipped: name kernel source that has scripts/gendwarfksyms');
  process.exit(0);
}
const made = mkdtempSync(join(tmpdir(), 'kabiwatch-gendwarfksyms-'));
process.on('exit', () => rmSync(made, { recursive: true, force: true }));
const tool = join(made, 'gendwarfksyms');

function run(command, cwd = made, input = '') {
  return spawnSync('bash', ['-c', `set -o pipefail; ${command}`], {
    cwd,
    input,
    encoding: 'latin1',
    maxBuffer: 1 << 28,
  });
}

const files = readdirSync(sources).filter((name) => name.endsWith('.c'));
const compiled = run(
  `gcc -O2 -w -I${quoted(resolve(asked.tool, 'scripts/include'))} -o ${quoted(tool)} ${files.map(quoted).join(' ')} -ldw -lelf -lz`,
  sources,
);
if (compiled.status !== 0) {
  console.log(`the tool does not compile:\n${compiled.stderr}`);
  process.exit(2);
}

/** The tool's versions and texts of these exports of an object; null where it fails. */
function theirs(object, names) {
  const types = join(made, 'symtypes');
  rmSync(types, { force: true });
  const { status, stdout } = run(
    `${quoted(tool)} --stable --symtypes ${quoted(types)} ${quoted(object)}`,
    made,
    names.join('\n'),
  );
  if (status !== 0 || !existsSync(types)) return null;
  const versions = new Map(
    Array.from(stdout.matchAll(/^#SYMVER (\S+) (0x[0-9a-f]+)$/gm), ([, name, crc]) => [name, crc]),
  );
  const lines = readFileSync(types, 'latin1')
    .split('\n')
    .filter((line) => line !== '');
  return {
    versions,
    texts: new Map(lines.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)])),
  };
}

function ours({ tokens, files: read, msExtensions }, names) {
  const unit = readDeclarations(tokens, { target: targets.x86_64, msExtensions });
  const isPrivate = (token) => (read[unit.tokens.file[token]] ?? '').endsWith('.c');
  return dwarfDump(names, { unit, rules: dwarfRules(tokens), isPrivate });
}

/** Of the cases: what the tool says to a header of this text. */
function versionOfCase(header) {
  writeFileSync(join(made, 'case.h'), header);
  const unit = '#include "case.h"\nint f(struct s *p) { return 0; }\n';
  const { status, stderr } = run('gcc -g -O2 -c -x c -o case.o -', made, unit);
  return status === 0 ? theirs('case.o', ['f'])?.versions.get('f') : stderr;
}

let wrong = 0;
const cases = JSON.parse(readFileSync(new URL('../test/cases/genksyms/gendwarfksyms.json', import.meta.url), 'utf8'));
for (const { what, before, after, version } of cases) {
  const [was, is] = [versionOfCase(before), versionOfCase(after)];
  if (typeof was === 'string' && /^0x/.test(was) && /^0x/.test(is) && (was === is ? 'same' : 'another') === version)
    continue;
  wrong++;
  console.log(`case ${what}: said ${version}, the tool ${was} and ${is}`);
}
console.log(`${cases.length} cases, ${wrong} where the tool says otherwise`);

const seen = new Map();
let [units, equal, different, absent, failed] = [0, 0, 0, 0, 0];
if (asked.tree !== undefined) {
  const { world, units: all } = configuredTree(asked.tree, asked.only ?? '');
  const count = Math.min(Number(asked.units ?? 100), all.length);
  for (const unit of Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)]))
    readUnit(unit, world);
  console.log('\n| units | versions equal | different | not found | gcc or the tool fails |\n|---|---|---|---|---|');
  console.log(`| ${units} | ${equal} | ${different} | ${absent} | ${failed} |`);
}
process.exitCode = wrong === 0 && different === 0 ? 0 : 1;

function readUnit(unit, world) {
  const object = join(made, 'unit.o');
  const command = preprocessing(unit).replace('gcc -E ', 'gcc -w -g -c ').replace("'-D__GENKSYMS__' ", '');
  const names = unitVersions(unit, world).versions.map(([name]) => name);
  if (names.length === 0) return;
  const truth = run(`${command} -o ${quoted(object)}`, resolve(asked.tree)).status === 0 ? theirs(object, names) : null;
  if (truth === null) {
    failed++;
    return;
  }
  units++;
  const dump = ours(
    preprocess(flaggedUnit(unit.source, unit, unit.flags, world.predefined, 'compiler'), world.tree, world.cache),
    names,
  );
  for (const name of names) {
    const version = truth.versions.get(name);
    if (version === undefined || !dump.has(name)) absent++;
    else if (version === crcText(dwarfVersion(name, dump))) equal++;
    else different++;
  }
  for (const [key, line] of truth.texts) {
    const mine = dump.get(key) ?? '(none)';
    if (mine === line) continue;
    const at = [...line].findIndex((letter, i) => letter !== mine[i]);
    const kind = `${line.slice(Math.max(0, at - 12), at + 12)}`;
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
    if (seen.get(kind) > 1 || seen.size > 40) continue;
    console.log(
      `${unit.source} ${key} at ${at}\n  tool      …${line.slice(Math.max(0, at - 80), at + 80)}\n  kabiwatch …${mine.slice(Math.max(0, at - 80), at + 80)}`,
    );
  }
}
