/** `kabiwatch reference`: makes, fills, checks and shows references of released kernels. */
import { release } from 'node:os';
import type { Command } from 'commander';
import { layoutsOf } from '../btf/layouts.js';
import { readBtfFile } from '../disk/references/btf-file.js';
import { allTables, writeReference } from '../disk/references/reference-file.js';
import { listReferences, openNamedReference, referencePath } from '../disk/references/references.js';
import { installedKernel, readText } from '../disk/trees/kernel-files.js';
import { KabiwatchError } from '../errors.js';
import { consolidatedText, readSymtypes } from '../genksyms/symtypes-files.js';
import { layoutTables, type Reference, type ReferenceSymbol, tableNames } from '../kernel/reference.js';
import { withComputed, withShipped } from '../kernel/reference-tables.js';
import { sectionsOf, tablesOfSymtypes } from '../kernel/symtypes-tables.js';
import { readSymvers } from '../kernel/symvers.js';
import { type BuildOptions, buildReference, listFiles, type Shipped } from './reference-build.js';
import { summarize } from './reference-summary.js';
import { hex, verify } from './reference-verify.js';
import { collected } from './unit-input.js';

export function addReference(program: Command): void {
  const reference = program
    .command('reference')
    .description('released kernels to compare with: make, fill, check, show');
  withShippedOptions(
    reference
      .command('build <name>')
      .description('make a reference from a source tree and what a distribution ships')
      .option('--tree <dir>', 'the kernel source')
      .option('--build <dir>', 'the build or kernel-devel directory: .config, generated headers, Module.symvers')
      .option('--config <file>', 'the .config, where there is no build directory')
      .option('--arch <name>', "the architecture, where the config's is not meant")
      .option('--shipped-only', 'compute no symbol versions from the source')
      .option(
        '--from <reference>',
        'take over what this older release read from the same files (repeatable)',
        collected,
      )
      .option('--output <file>', 'write to this file instead of keeping it by name'),
  ).action((name: string, options: BuildOptions) => buildReference(name, options));
  withShippedOptions(reference.command('add <reference>').description('add shipped facts to a reference'))
    .option(
      '--symtypes <file>',
      "the types behind its versions: a consolidated symtypes file, or one unit's",
      collected,
    )
    .action(add);
  reference
    .command('symtypes <reference>')
    .description('print the types behind all its versions as one consolidated symtypes file')
    .action(printSymtypes);
  reference.command('list').description('the references that are kept by name').action(list);
  reference
    .command('show <reference> [key]')
    .description('what a reference holds; a symbol, or `struct NAME`, with the key')
    .option('--json', 'print JSON')
    .action(show);
  reference
    .command('verify <reference>')
    .description('compare what was computed with what was shipped, and print the score')
    .action(verify);
  reference
    .command('running')
    .description("make the reference `running` from this machine's installed files")
    .option('--release <release>', 'another installed kernel', release())
    .option('--root <dir>', 'where the machine is mounted', '/')
    .action(running);
}

function withShippedOptions(command: Command): Command {
  return command
    .option('--symvers <file>', 'Module.symvers, plain or gzip')
    .option('--btf <file>', 'the BTF: raw, vmlinux, or a boot image')
    .option('--list <file>', 'severities or a symbol list; a directory of kabi-module (repeatable)', collected);
}

interface AddOptions extends Shipped {
  readonly symtypes?: readonly string[];
}

function printSymtypes(nameOrFile: string): void {
  const reference = openNamedReference(nameOrFile);
  process.stdout.write(consolidatedText(sectionsOf(reference)), 'latin1');
  reference.close();
}

/** Types are shipped or computed, not both: where they were computed, shipped ones are for `verify` to compare by their versions. */
function typesFrom(files: readonly string[], reference: Reference, symbols: ReferenceTablesOf['symbols']) {
  if (files.length === 0) return null;
  if (reference.count('inputs') > 0)
    throw new KabiwatchError('usage', {
      option: '--symtypes',
      why: `the types of ${reference.meta.name} were computed from its source`,
    });
  const sections = files.flatMap((file) => {
    const read = readSymtypes(readText(file));
    for (const { line, text } of read.bad.slice(0, 10)) console.error(`${file}:${line}: no symbol type: ${text}`);
    return read.sections.map((one) => (one.name === '' ? { ...one, name: file } : one));
  });
  return tablesOfSymtypes(sections, symbols);
}

type ReferenceTablesOf = { readonly symbols: ReadonlyMap<string, readonly ReferenceSymbol[]> };

function add(nameOrFile: string, options: AddOptions): void {
  const before = openNamedReference(nameOrFile);
  const tables = allTables(before);
  const shipped = options.symvers === undefined ? [] : readSymvers(readText(options.symvers)).symbols;
  const own = options.btf === undefined ? null : layoutTables(layoutsOf(readBtfFile(options.btf)));
  const path = referencePath(nameOrFile);
  const symbols = withShipped(tables.symbols ?? new Map(), shipped);
  const types = typesFrom(options.symtypes ?? [], before, symbols);
  before.close();
  writeReference(path, before.meta, {
    ...tables,
    ...(types?.tables ?? {}),
    symbols:
      types === null
        ? symbols
        : withComputed(
            symbols,
            types.units.map(({ unit }) => unit),
          ),
    ...(own === null ? {} : { shipped: own.layouts, embeds: own.embeds }),
    files: new Map([...(tables.files ?? []), ...listFiles(options.list)]),
  });
  summarize(path);
}

function list(): void {
  const all = listReferences();
  if (all.length === 0) console.log('no references; make one with: kabiwatch reference build');
  for (const { name, path, size } of all) {
    const reference = openNamedReference(path);
    const { arch, version } = reference.meta;
    console.log(
      `${name}  ${arch}  ${version ?? '-'}  ${reference.count('symbols')} symbols  ${(size / 1e6).toFixed(1)} MB`,
    );
    reference.close();
  }
}

function show(nameOrFile: string, key: string | undefined, options: { readonly json?: boolean }): void {
  const reference = openNamedReference(nameOrFile);
  if (key === undefined) {
    if (options.json === true) {
      const counts = Object.fromEntries(tableNames.map((table) => [table, reference.count(table)]));
      console.log(JSON.stringify({ ...reference.meta, tables: counts }, null, 2));
    } else summarize(referencePath(nameOrFile));
    return;
  }
  const found = {
    symbols: reference.row('symbols', key)?.map(readable) ?? null,
    shipped: reference.row('shipped', key),
    layouts: reference.row('layouts', key),
    embeddedIn: reference.row('embeds', key),
    types: reference.row('types', key),
    units: reference.row('units', key),
  };
  const told = Object.fromEntries(Object.entries(found).filter(([, row]) => row !== null));
  if (Object.keys(told).length === 0)
    throw new KabiwatchError('usage', {
      key,
      why: `the reference ${reference.meta.name} has no symbol, type or object of this name`,
    });
  console.log(JSON.stringify(told, null, 2));
}

/** CRCs as every other tool prints them. */
function readable(symbol: ReferenceSymbol): object {
  const text = (crc: number | null): string | null => (crc === null ? null : hex(crc));
  return { ...symbol, shipped: text(symbol.shipped), computed: text(symbol.computed) };
}

async function running(options: { readonly release: string; readonly root: string }): Promise<void> {
  const kernel = installedKernel(options.release, options.root);
  if (kernel.config === null)
    throw new KabiwatchError('reference-not-found', {
      kernel: kernel.release,
      why: 'its config is in none of the usual places',
      remedy: 'install its kernel-devel or linux-headers package',
    });
  await buildReference('running', {
    config: kernel.config,
    ...(kernel.symvers === null ? {} : { symvers: kernel.symvers }),
    ...(kernel.btf === null ? {} : { btf: kernel.btf }),
    ...(kernel.build === null ? {} : { build: kernel.build }),
  });
}
