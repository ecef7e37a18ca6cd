/** `kabiwatch layout NAME...`: where the members of types stand, from a unit's source or from a kernel's BTF. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { layoutsNamed, layoutsOf } from '../btf/layouts.js';
import { flatMembers, type Layout, type Unknowable } from '../c/layout.js';
import { type DeclaredUnit, readDeclarations } from '../c/parse/declarations.js';
import { type TargetName, targets } from '../c/target.js';
import type { RecordType } from '../c/type.js';
import { stripped } from '../c/type.js';
import { readBtfFile } from '../disk/references/btf-file.js';
import { KabiwatchError } from '../errors.js';
import type { Series } from '../patch/series.js';
import { paholeText } from '../report/pahole.js';
import { architectureOf, collected, preprocessedUnit, type UnitOptions } from './unit-input.js';

interface LayoutOptions extends Omit<UnitOptions, 'after' | 'arch'> {
  readonly btf?: string;
  readonly before?: string;
  readonly after?: string;
  readonly arch?: TargetName;
  readonly format: 'json' | 'pahole';
  readonly json?: boolean;
  readonly all?: boolean;
}

const examples = `
NAME is 'struct TAG', 'union TAG', a bare tag, or a typedef.

Examples:
  kabiwatch layout mm_struct --tree linux --build /usr/src/linux-headers-6.1.0-56-amd64 --tu kernel/fork.c
  kabiwatch layout --all --json --tree linux --tu mm/slub.c | jq 'keys'
  kabiwatch layout mm_struct --tree linux.git@v6.1 --build BUILD --tu kernel/fork.c --after 0001-grow-mm.patch
  kabiwatch layout task_struct --btf /sys/kernel/btf/vmlinux --json`;

export function addLayout(program: Command): void {
  program
    .command('layout')
    .description('print the layouts of types, as the compiler makes them')
    .argument('[name...]', 'which types')
    .option('--all', 'every type of the unit or of the BTF')
    .option('--tree <dir>', 'kernel source: a directory, or DIR@REVISION of a git repository')
    .option('--build <dir>', 'where .config and generated headers are, if not in the tree (repeatable)', collected)
    .option('--before <patch>', 'check that this patch applies, and lay out the tree without it')
    .option('--after <patch>', 'lay out the tree with this patch (a mail, an mbox, a diff)')
    .option('--tu <file>', 'the unit that sees the types, as a path of the tree')
    .option('--btf <file>', 'take them from BTF instead: raw, an ELF file, or a boot image')
    .option('--predefined <file>', "the compiler's own macros, as cc -dM -E prints them (default: those of gcc)")
    .addOption(
      new Option('--view <name>', 'which branches of __GENKSYMS__')
        .choices(['compiler', 'genksyms'])
        .default('compiler'),
    )
    .option(
      '--arch <name>',
      `architecture: ${Object.keys(targets).join(', ')} (default: the build's)`,
      architectureNamed,
    )
    .addOption(new Option('--format <name>', 'how to print it').choices(['json', 'pahole']).default('pahole'))
    .option('--json', 'short for --format json')
    .addHelpText('after', examples)
    .action(runLayout);
}

function architectureNamed(name: string): TargetName {
  if (!(name in targets)) throw new InvalidArgumentError(`one of ${Object.keys(targets).join(', ')}`);
  return name as TargetName;
}

async function runLayout(names: readonly string[], options: LayoutOptions): Promise<void> {
  if (names.length === 0 && options.all !== true)
    throw new KabiwatchError('usage', { why: 'no type is named', remedy: 'name types, or say --all' });
  const found = options.btf === undefined ? await patchedSource(names, options) : fromBtf(names, options.btf);
  for (const why of found.told) process.stderr.write(`kabiwatch: ${why}\n`);
  process.stdout.write(
    options.json === true || options.format === 'json' ? asJson(found.layouts) : asPahole(found.layouts),
  );
  if (found.told.length > 0) process.exitCode = 3;
}

interface Found {
  readonly layouts: readonly Layout[];
  /** What could not be answered, each a line for people. */
  readonly told: readonly string[];
}

function fromBtf(names: readonly string[], file: string): Found {
  const btf = readBtfFile(file);
  if (names.length === 0) return { layouts: layoutsOf(btf), told: [] };
  const told: string[] = [];
  const layouts = names.flatMap((name) => {
    const { kind, bare } = wordsOf(name);
    const found = layoutsNamed(btf, bare).filter((layout) => kind === null || layout.kind === kind);
    if (found.length === 0) told.push(`${name} is not in ${file}`);
    return found;
  });
  return { layouts, told };
}

function wordsOf(name: string): { kind: 'struct' | 'union' | null; bare: string } {
  const [, kind, bare] = /^(?:(struct|union)\s+)?(.*)$/.exec(name.trim()) as RegExpExecArray;
  return { kind: (kind as 'struct' | 'union' | undefined) ?? null, bare: bare as string };
}

/** --before lays out the tree as it is once the patch was seen to apply; --after with the patch on it. */
async function patchedSource(names: readonly string[], options: LayoutOptions): Promise<Found> {
  const { before, after, arch: _, ...rest } = options;
  const arch = architectureOf(options);
  if (before !== undefined) preprocessedUnit({ ...rest, arch, after: await seriesIn(before) });
  const series = after === undefined ? [] : await seriesIn(after);
  return fromSource(names, { ...rest, arch, after: series });
}

function fromSource(names: readonly string[], options: UnitOptions & { readonly arch: TargetName }): Found {
  const view = preprocessedUnit(options);
  const unit = readDeclarations(view.tokens, { target: targets[options.arch], msExtensions: view.msExtensions });
  const path = options.tu ?? '';
  const told = unit.missing.map(({ at, why }) => `${view.files[unit.tokens.file[at] as number]}: not read: ${why}`);
  told.push(...view.missing.map(({ file, line, what, why }) => `${file}:${line}: ${what}: ${why}`));
  const layouts: Layout[] = [];
  const add = (layout: Layout | Unknowable, name: string): void => {
    if ('why' in layout) told.push(`${name}: ${layout.why}`);
    else layouts.push(layout);
  };
  for (const [name, record, typedefName] of names.length === 0
    ? everything(unit)
    : names.flatMap((name) => named(unit, name)))
    add(unit.layouts.of(record, typedefName), name);
  for (const name of names)
    if (named(unit, name).length === 0)
      told.push(`${name} is not defined in what ${path} includes; name another unit with --tu`);
  return { layouts, told };
}

type Wanted = readonly [name: string, record: RecordType, typedefName: string | null];

function everything(unit: DeclaredUnit): Wanted[] {
  const typedefs = [...unit.typedefs.keys()].flatMap((name) => {
    const record = stripped(unit.typedefs.get(name)?.type ?? { kind: 'void' });
    const isOwn =
      (record.kind === 'struct' || record.kind === 'union') && record.tag === null && record.members !== null;
    return isOwn ? [[name, record, name] as const] : [];
  });
  const records = [...unit.records].flatMap(([name, list]) => list.map((record) => [name, record, null] as const));
  return [...records, ...typedefs];
}

function named(unit: DeclaredUnit, name: string): Wanted[] {
  const { kind, bare } = wordsOf(name);
  const kinds = kind === null ? ['struct', 'union'] : [kind];
  const records = kinds.flatMap((one) => unit.records.get(`${one} ${bare}`) ?? []);
  if (records.length > 0 || kind !== null) return records.map((record) => [name, record, null]);
  const type = stripped(unit.typedefs.get(bare)?.type ?? { kind: 'void' });
  return type.kind === 'struct' || type.kind === 'union' ? [[name, type, type.tag === null ? bare : null]] : [];
}

/** The key that DESIGN gives a type: `struct TAG`, `union TAG`, `typedef NAME`. */
function keyOf({ typedef, kind, name }: Layout): string {
  return typedef ? `typedef ${name}` : `${kind} ${name ?? ''}`;
}

function asJson(layouts: readonly Layout[]): string {
  const byKey = new Map<string, Map<string, unknown>>();
  for (const layout of layouts) {
    const { size, align } = layout;
    const members = flatMembers(layout).map(({ name, bitOffset, bitSize }) => [name, bitOffset, bitSize]);
    const value = { size, align, members };
    const list = byKey.get(keyOf(layout)) ?? new Map<string, unknown>();
    byKey.set(keyOf(layout), list.set(JSON.stringify(value), value));
  }
  return `${JSON.stringify(Object.fromEntries([...byKey].map(([key, list]) => [key, [...list.values()]])))}\n`;
}

function asPahole(layouts: readonly Layout[]): string {
  return layouts.map(paholeText).join('\n');
}

/** The mail side is loaded where there is mail: it takes longer to load than a layout to print. */
async function seriesIn(file: string): Promise<Series[]> {
  const { seriesInFiles } = await import('./mail-input.js');
  return seriesInFiles([file]);
}
