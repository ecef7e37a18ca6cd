/** `kabiwatch reference`: makes, fills, checks and shows references of released kernels. */
import { existsSync } from 'node:fs';
import { release } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import { layoutsOf } from '../btf/layouts.js';
import type { Layout } from '../c/layout.js';
import { readBtfFile } from '../disk/btf-file.js';
import { openBuild } from '../disk/build-world.js';
import { directoryTree } from '../disk/directory-tree.js';
import { installedKernel, readPolicyFile, readText } from '../disk/kernel-files.js';
import { allTables, writeReference } from '../disk/reference-file.js';
import { listReferences, openNamedReference, referencePath } from '../disk/references.js';
import { computeVersions } from '../disk/version-pool.js';
import { KabiwatchError } from '../errors.js';
import { type ConfigFacts, configFacts, versionOfMakefile } from '../kernel/config-facts.js';
import { type Unit, unitsOf } from '../kernel/kbuild.js';
import { readPolicyList, unusedRules } from '../kernel/lists.js';
import {
  layoutTables,
  type Reference,
  type ReferenceMeta,
  type ReferenceSymbol,
  tableNames,
} from '../kernel/reference.js';
import { locateExports, symbolRows, unitRows, withComputed, withShipped } from '../kernel/reference-tables.js';
import { readSymvers } from '../kernel/symvers.js';
import { exportingUnits, type UnitVersions } from '../kernel/unit-versions.js';

interface Shipped {
  readonly symvers?: string;
  readonly btf?: string;
  readonly list?: readonly string[];
}

interface BuildOptions extends Shipped {
  readonly tree?: string;
  readonly build?: string;
  readonly config?: string;
  readonly arch?: string;
  readonly output?: string;
  readonly shippedOnly?: boolean;
}

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
      .option('--output <file>', 'write to this file instead of keeping it by name'),
  ).action((name: string, options: BuildOptions) => build(name, options));
  withShippedOptions(reference.command('add <reference>').description('add shipped facts to a reference')).action(add);
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
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  return command
    .option('--symvers <file>', 'Module.symvers, plain or gzip')
    .option('--btf <file>', 'the BTF: raw, vmlinux, or a boot image')
    .option('--list <file>', 'severities or a symbol list; a directory of kabi-module (repeatable)', collect);
}

async function build(name: string, options: BuildOptions): Promise<void> {
  const inBuild = (file: string): string | undefined =>
    options.build !== undefined && existsSync(join(options.build, file)) ? join(options.build, file) : undefined;
  const configFile = options.config ?? inBuild('.config');
  if (configFile === undefined)
    throw new KabiwatchError('usage', {
      missing: 'a .config',
      remedy: 'name it with --config, or its directory with --build',
    });
  const configText = readText(configFile);
  const config = configFacts(configText);
  const bar = new SingleBar({ format: '{bar} {value}/{total} {step}', clearOnComplete: true, noTTYOutput: false });
  bar.start(5, 0, { step: 'config' });
  const step = (doing: string): void => bar.increment(1, { step: doing });
  try {
    const { meta, units, exports } = fromSource(name, options, config, step);
    const computed = options.shippedOnly === true ? [] : await compute(meta, units, configText, bar);
    const symversFile = options.symvers ?? inBuild('Module.symvers');
    const shipped = symversFile === undefined ? null : readSymvers(readText(symversFile)).symbols;
    const layouts = options.btf === undefined ? [] : layoutsOf(readBtfFile(options.btf));
    const tables = layoutTables(layouts);
    step('writing');
    const files = new Map([['config', configText], ...listFiles(options.list)]);
    const path = options.output ?? referencePath(name);
    writeReference(path, meta, {
      symbols: withComputed(symbolRows(shipped, exports), computed),
      units: unitRows(units),
      shipped: tables.layouts,
      embeds: tables.embeds,
      files,
    });
    bar.stop();
    summarize(path);
  } finally {
    bar.stop();
  }
}

/** What the source says: nothing where no tree is named. Refuses a config of another kernel. */
function fromSource(name: string, options: BuildOptions, config: ConfigFacts, step: (doing: string) => void) {
  const arch = options.arch ?? config.arch;
  if (arch === null) throw new KabiwatchError('usage', { missing: 'the architecture', remedy: 'name it with --arch' });
  if (config.arch !== null && config.arch !== arch)
    throw new KabiwatchError('reference-mismatch', {
      architecture: `the config is for ${config.arch}, --arch says ${arch}`,
    });
  const meta: ReferenceMeta = {
    name,
    arch,
    version: config.version,
    source: options.tree === undefined ? null : resolve(options.tree),
    build: options.build === undefined ? null : resolve(options.build),
    crcMode: config.crcMode,
  };
  if (options.tree === undefined) return { meta, units: [], exports: [] };
  const tree = directoryTree(options.tree);
  const makefile = tree.read('Makefile');
  const version = makefile === null ? null : versionOfMakefile(Buffer.from(makefile).toString('latin1'));
  if (version === null)
    throw new KabiwatchError('tree-not-found', { path: options.tree, why: 'it has no kernel Makefile' });
  if (config.version !== null && config.version.split('-')[0] !== version)
    throw new KabiwatchError('reference-mismatch', {
      version: `the config is for ${config.version}, the tree is ${version}`,
    });
  step('makefiles');
  const { units } = unitsOf(tree, config.values, arch);
  step('exports');
  const exports = locateExports(tree, units);
  step('symbols');
  return { meta: { ...meta, version }, units, exports };
}

/** Symbol versions by genksyms' rule; a tree that versions them otherwise, or not, gets none. */
async function compute(
  meta: ReferenceMeta,
  units: readonly Unit[],
  config: string,
  bar: SingleBar,
): Promise<readonly UnitVersions[]> {
  const { source, version } = meta;
  if (source === null || version === null || meta.crcMode !== 'genksyms') return [];
  const place = { tree: source, build: meta.build, config, arch: meta.arch, version };
  const exporting = exportingUnits(openBuild(place).tree, units);
  bar.setTotal(bar.getTotal() + exporting.length);
  return computeVersions(place, exporting, () => bar.increment(1, { step: 'symbol versions' }));
}

function listFiles(paths: readonly string[] = []): readonly (readonly [string, string])[] {
  return paths.map((path) => {
    const { text, bad } = readPolicyFile(path);
    for (const { line, text: wrong } of bad) console.error(`${path}:${line}: no rule and no symbol: ${wrong}`);
    return [`list/${basename(path)}`, text] as const;
  });
}

function add(nameOrFile: string, options: Shipped): void {
  const before = openNamedReference(nameOrFile);
  const tables = allTables(before);
  before.close();
  const shipped = options.symvers === undefined ? [] : readSymvers(readText(options.symvers)).symbols;
  const own = options.btf === undefined ? null : layoutTables(layoutsOf(readBtfFile(options.btf)));
  const path = referencePath(nameOrFile);
  writeReference(path, before.meta, {
    ...tables,
    symbols: withShipped(tables.symbols ?? new Map(), shipped),
    ...(own === null ? {} : { shipped: own.layouts, embeds: own.embeds }),
    files: new Map([...(tables.files ?? []), ...listFiles(options.list)]),
  });
  summarize(path);
}

function summarize(nameOrFile: string): void {
  const reference = openNamedReference(nameOrFile);
  const { meta } = reference;
  console.log(
    `${meta.name}: ${meta.arch}, Linux ${meta.version ?? '(version not known)'}, symbol versions by ${meta.crcMode}`,
  );
  console.log(`  file    ${nameOrFile}`);
  if (meta.source !== null) console.log(`  source  ${meta.source}`);
  for (const table of tableNames) {
    const count = reference.count(table);
    if (count > 0) console.log(`  ${table.padEnd(8)}${count}`);
  }
  for (const [key, text] of reference.rows('files'))
    if (key.startsWith('list/')) tellUnused(reference, key.slice(5), text);
  reference.close();
}

/** Rules that nothing of this kernel matches any more: promises about nothing. */
function tellUnused(reference: Reference, name: string, text: string): void {
  const { list } = readPolicyList(name, text);
  const unused = unusedRules(list, Array.from(reference.rows('symbols'), ([, rows]) => rows).flat());
  if (unused.length === 0) return;
  console.log(`  ${name}: ${unused.length} rules match nothing of this kernel`);
  for (const { line, text: rule } of unused.slice(0, 10)) console.log(`    ${name}:${line}: ${rule}`);
  if (unused.length > 10) console.log(`    and ${unused.length - 10} more`);
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

/** Exits 1 where a computed fact is not the shipped one. */
function verify(nameOrFile: string): void {
  const reference = openNamedReference(nameOrFile);
  const wrong: string[] = [];
  const symbols = { equal: 0, different: 0, unknown: 0 };
  for (const [name, rows] of reference.rows('symbols'))
    for (const { shipped, computed, module } of rows) {
      if (shipped === null || computed === null) symbols.unknown++;
      else if (shipped === computed) symbols.equal++;
      else {
        symbols.different++;
        wrong.push(`${name} (${module}): computed ${hex(computed)}, shipped ${hex(shipped)}`);
      }
    }
  const layouts = { equal: 0, different: 0, unknown: 0 };
  for (const [key, shipped] of reference.rows('shipped')) {
    const computed = reference.row('layouts', key);
    if (computed === null) layouts.unknown += shipped.length;
    for (const one of computed === null ? [] : shipped)
      if (computed?.some((other) => sameLayout(one, other)) === true) layouts.equal++;
      else {
        layouts.different++;
        wrong.push(`${key}: computed size ${computed?.[0]?.size}, shipped ${one.size}`);
      }
  }
  console.log(
    `symbol versions: ${symbols.equal} equal, ${symbols.different} different, ${symbols.unknown} not computed or not shipped`,
  );
  console.log(
    `layouts:         ${layouts.equal} equal, ${layouts.different} different, ${layouts.unknown} not computed`,
  );
  for (const line of wrong) console.log(`  ${line}`);
  reference.close();
  if (wrong.length > 0) process.exitCode = 1;
}

function hex(crc: number): string {
  return `0x${crc.toString(16).padStart(8, '0')}`;
}

function sameLayout(a: Layout, b: Layout): boolean {
  if (a.size !== b.size || a.members.length !== b.members.length) return false;
  return a.members.every((member, i) => {
    const other = b.members[i];
    const same = other !== undefined && member.name === other.name && member.bitOffset === other.bitOffset;
    return (
      same &&
      member.bitSize === other.bitSize &&
      (member.inner === null || other.inner === null || sameLayout(member.inner, other.inner))
    );
  });
}

async function running(options: { readonly release: string; readonly root: string }): Promise<void> {
  const kernel = installedKernel(options.release, options.root);
  if (kernel.config === null)
    throw new KabiwatchError('reference-not-found', {
      kernel: kernel.release,
      why: 'its config is in none of the usual places',
      remedy: 'install its kernel-devel or linux-headers package',
    });
  await build('running', {
    config: kernel.config,
    ...(kernel.symvers === null ? {} : { symvers: kernel.symvers }),
    ...(kernel.btf === null ? {} : { btf: kernel.btf }),
    ...(kernel.build === null ? {} : { build: kernel.build }),
  });
}
