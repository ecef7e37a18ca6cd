/** `kabiwatch crc` and `kabiwatch symtypes`: the symbol versions of units, and the types behind them, as genksyms gives them. */
import { type Command, InvalidArgumentError } from 'commander';
import { LexCache } from '../c/lex/lex-cache.js';
import type { PreprocessMissing } from '../c/preprocess/file-stack.js';
import { type TargetName, targets } from '../c/target.js';
import { KabiwatchError } from '../errors.js';
import { crcText } from '../genksyms/crc.js';
import { dialectOf } from '../genksyms/dialect.js';
import { symbolsOf, type UnitSymbols } from '../genksyms/expand.js';
import { symtypesText } from '../genksyms/symtypes.js';
import { versionOfMakefile } from '../kernel/config-facts.js';
import { architectureOf, collected, openUnits, type TreeOptions, type UnitSource } from './unit-input.js';

interface CrcOptions extends Omit<TreeOptions, 'arch'> {
  readonly arch?: TargetName;
  readonly json?: boolean;
}

export function addCrc(program: Command): void {
  withTree(
    program
      .command('crc')
      .description('print the symbol versions (CRCs) of what files export, from source alone')
      .argument('<file...>', 'source files, as paths of the tree'),
    `
Examples:
  kabiwatch crc --tree linux --build /usr/src/linux-headers-6.1.0-56-amd64 kernel/fork.c
  kabiwatch crc --tree linux --build build --json mm/slub.c mm/memory.c

A line for each exported symbol: 0x1c4659d0 free_task. A symbol that nothing declares has no version: it is named on
standard error, and the exit code is 3, as it is where something was missing.`,
  ).action(runCrc);
  withTree(
    program
      .command('symtypes')
      .description('print the types behind the symbol versions of a file, as genksyms -T does')
      .argument('<file>', 'a source file, as a path of the tree'),
    `
Example:
  kabiwatch symtypes --tree linux --build /usr/src/linux-headers-6.1.0-56-amd64 kernel/fork.c`,
  ).action((file: string, options: CrcOptions) => runSymtypes(file, options));
}

function withTree(command: Command, help: string): Command {
  return command
    .requiredOption('--tree <dir>', 'kernel source: a directory, or DIR@REVISION of a git repository')
    .option('--build <dir>', 'where .config and generated headers are, if not in the tree (repeatable)', collected)
    .option('--predefined <file>', "the compiler's own macros, as cc -dM -E prints them (default: those of gcc)")
    .option(
      '--arch <name>',
      `architecture: ${Object.keys(targets).join(', ')} (default: the build's)`,
      architectureNamed,
    )
    .option('--json', 'print JSON')
    .addHelpText('after', help);
}

function architectureNamed(name: string): TargetName {
  if (!(name in targets)) throw new InvalidArgumentError(`one of ${Object.keys(targets).join(', ')}`);
  return name as TargetName;
}

interface ReadUnit extends UnitSymbols {
  readonly missing: readonly PreprocessMissing[];
}

function read(source: UnitSource, path: string): ReadUnit {
  const makefile = source.tree.read('Makefile');
  const release = makefile === null ? null : versionOfMakefile(Buffer.from(makefile).toString('latin1'));
  if (release === null)
    throw new KabiwatchError('tree-not-found', { path: source.tree.id, why: 'it has no kernel Makefile' });
  const { tokens, files, stretches, missing } = source.preprocessed(path, 'genksyms', 'whole');
  const unit = { tokens, mainFile: files.indexOf(path), stretches };
  return { ...symbolsOf(unit, dialectOf(release)), missing };
}

function tell(missing: readonly PreprocessMissing[]): void {
  for (const { file, line, what, why } of missing)
    process.stderr.write(`kabiwatch: ${file}:${line}: ${what}: ${why}\n`);
  if (missing.length > 0) process.exitCode = 3;
}

function runCrc(files: readonly string[], options: CrcOptions): void {
  const cache = files.length > 1 ? new LexCache() : null;
  const source = openUnits({ ...options, arch: architectureOf(options) }, cache);
  const units = files.map((file) => ({ file, ...read(source, file) }));
  const versioned = units.flatMap(({ file, exports }) =>
    exports.map(({ name, crc }) => ({ name, file, crc: crc === null ? null : crcText(crc) })),
  );
  if (options.json === true) process.stdout.write(`${JSON.stringify(versioned)}\n`);
  else process.stdout.write(versioned.map(({ name, crc }) => (crc === null ? '' : `${crc} ${name}\n`)).join(''));
  for (const { name, file, crc } of versioned) {
    if (crc !== null) continue;
    process.stderr.write(`kabiwatch: ${file}: ${name} is exported and nothing declares it: no version\n`);
    process.exitCode = 3;
  }
  for (const { missing } of units) tell(missing);
}

function runSymtypes(file: string, options: CrcOptions): void {
  const { expanded, missing } = read(openUnits({ ...options, arch: architectureOf(options) }), file);
  if (options.json === true)
    process.stdout.write(`${JSON.stringify(symtypesText(expanded).split('\n').slice(0, -1))}\n`);
  else process.stdout.write(symtypesText(expanded), 'latin1');
  tell(missing);
}
