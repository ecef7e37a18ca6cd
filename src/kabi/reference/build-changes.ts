/**
 * Which exporting units a series makes, drops or compiles otherwise: a source that is new or exports for the first time, a makefile that
 * names other objects or flags. The reference knows nothing of the former and the wrong thing of the latter.
 *
 * Comes in: a reference, the trees before and after, their config, the series. Goes out: units that are not before what
 * they are after. Only the makefiles on the way to what was touched are evaluated.
 */
import { isNamedBeside, type Scope, topOf, type Unit, unitsOf, unitsWithin } from '../../kernel/kbuild.js';
import type { ConfigValues } from '../../kernel/kbuild-top.js';
import type { Reference } from '../../kernel/reference.js';
import { flaggedUnit } from '../../kernel/unit.js';
import { exportingUnits, type SourceUnit, saysExport } from '../../kernel/unit-versions.js';
import type { FilePatch, Series } from '../../patch/series.js';
import type { SourceTree } from '../../tree/source-tree.js';
import type { Missing } from '../review.js';
import { isOfKernel, pathOf, roleOf } from '../series/triage.js';

/** Example: { number: null, before: null, after: { source: 'arch/x86/kvm/regs.c', … } } for a source that the series adds. */
export interface BuildChange {
  /** Its number in the reference's table `exporting`; null where the reference does not have it. */
  readonly number: number | null;
  /** null: it was not built, or exported nothing. */
  readonly before: SourceUnit | null;
  readonly after: SourceUnit | null;
}

export interface Builds {
  readonly before: SourceTree;
  readonly after: SourceTree;
  readonly config: ConfigValues;
  /** The directory under arch/. */
  readonly arch: string;
}

export interface BuildChanges {
  readonly changes: readonly BuildChange[];
  /** Units of which only the next configuration tells whether they are built. */
  readonly missing: readonly Missing[];
}

const nothing: BuildChanges = { changes: [], missing: [] };

export function buildChanges(reference: Reference, builds: Builds, series: Series): BuildChanges {
  const files = series.patches.flatMap((patch) => patch.files);
  const paths = [...new Set(files.flatMap(({ before, after }) => [before, after]).filter((path) => path !== null))];
  const makefiles = foldersOf(paths, builds);
  const candidates = paths.filter((path) => roleOf(path) === 'source' && saysExport(builds.after, path));
  if (makefiles.length === 0 && candidates.length === 0) return nothing;
  const numbers = exportingNumbers(reference);
  const known = new Set(Array.from(numbers.keys(), (name) => name.slice(0, name.indexOf('\0'))));
  const fresh = new Set(candidates.filter((path) => !known.has(path)));
  const scope = { sources: [...fresh], folders: makefiles };
  if (makefiles.length === 0 && fresh.size === 0) return nothing;
  const was = byName(builds, builds.before, scope);
  const is = byName(builds, builds.after, scope);
  const options = optionsAdded(files);
  const missing: Missing[] = [];
  const changes = [...new Set([...was.keys(), ...is.keys()])].flatMap((name): BuildChange[] => {
    const [before, after] = [was.get(name) ?? null, is.get(name) ?? null];
    const number = numbers.get(name) ?? null;
    // A unit of the reference that this tree does not build is no doing of the series.
    if (number !== null && before === null) return [];
    // An option of another name: what it will be set to, nobody can say; that the unit is built goes on, as a rule.
    const option = before === null || after !== null ? null : optionBeside(builds.after, before.source, options);
    if (option !== null) {
      missing.push({ what: `whether ${before?.object} is built`, why: `${option} is new with the series` });
      return [];
    }
    const isFresh = number === null && fresh.has((after ?? before)?.source ?? '');
    return isFresh || !isSame(before, after) ? [{ number, before, after }] : [];
  });
  return { changes, missing };
}

/** `CONFIG_X` of `config X` in a Kconfig file. */
function optionsAdded(files: readonly FilePatch[]): ReadonlySet<string> {
  const lines = files
    .filter((file) => /(^|\/)Kconfig[^/]*$/.test(pathOf(file)))
    .flatMap(({ hunks }) => hunks.flatMap((hunk) => hunk.lines));
  const named = (sign: '+' | '-'): string[] =>
    lines.flatMap((line) => (line.startsWith(sign) ? (/^.\s*(?:menu)?config\s+(\w+)/.exec(line)?.[1] ?? []) : []));
  const gone = new Set(named('-'));
  return new Set(named('+').flatMap((name) => (gone.has(name) ? [] : [`CONFIG_${name}`])));
}

/** The first of these options that the makefile beside a source names; null where it names none, or the source is gone. */
function optionBeside(tree: SourceTree, source: string, options: ReadonlySet<string>): string | null {
  if (options.size === 0 || tree.read(source) === null) return null;
  const dir = source.slice(0, source.lastIndexOf('/') + 1);
  const text = ['Kbuild', 'Makefile'].map((name) => Buffer.from(tree.read(dir + name) ?? '').toString('latin1'));
  return (
    text
      .join('\n')
      .match(/CONFIG_\w+/g)
      ?.find((one) => options.has(one)) ?? null
  );
}

function exportingNumbers(reference: Reference): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  for (const [key, { source, module }] of reference.rows('exporting')) numbers.set(`${source}\0${module}`, Number(key));
  return numbers;
}

/** Linked into the same, and the preprocessor is told the same: a warning that is switched off changes nothing. */
function isSame(one: SourceUnit | null, other: SourceUnit | null): boolean {
  const compiled = (unit: SourceUnit | null): string =>
    unit === null ? '' : JSON.stringify([unit.place, flaggedUnit(unit.source, unit, unit.flags, '', 'genksyms')]);
  return compiled(one) === compiled(other);
}

function byName({ config, arch }: Builds, tree: SourceTree, scope: Scope): ReadonlyMap<string, SourceUnit> {
  const near = unitsWithin(tree, config, arch, scope);
  const found = new Set(near.map(({ source }) => source));
  // What is named beside is not built if that does not build it; anything else another directory may name.
  const elsewhere = scope.sources.filter(
    (path) => !found.has(path) && tree.read(path) !== null && !isNamedBeside(tree, path),
  );
  const far = elsewhere.length === 0 ? [] : unitsOf(tree, config, arch).units;
  const units: readonly Unit[] = [
    ...near,
    ...far.filter(({ source }) => source !== null && elsewhere.includes(source)),
  ];
  return new Map(exportingUnits(tree, units).map((unit) => [`${unit.source}\0${unit.module ?? 'vmlinux'}`, unit]));
}

/** The directories whose units the touched makefiles can change. */
function foldersOf(paths: readonly string[], builds: Builds): readonly string[] {
  const makefiles = paths.filter((path) => /(^|\/)(Makefile|Kbuild)$/.test(path));
  const own = makefiles.flatMap((path) => {
    const dir = path.slice(0, path.lastIndexOf('/'));
    return path.includes('/') && isOfKernel(path) && !isOfArchitecture(path) ? [dir] : [];
  });
  const isTop = makefiles.some((path) => !path.includes('/') || path === `arch/${builds.arch}/Makefile`);
  return isTop && handedDown(builds, builds.before) !== handedDown(builds, builds.after) ? ['.'] : [...new Set(own)];
}

const isOfArchitecture = (path: string): boolean => /^arch\/[^/]+\/Makefile$/.test(path);

/** What the top makefiles hand to all others, but for the release's name and the compiler's warnings. */
function handedDown({ config, arch }: Builds, tree: SourceTree): string {
  const top = topOf(tree, config, arch);
  const told = Array.from(top?.environment ?? [])
    .filter(([name]) => !/VERSION|LEVEL|RELEASE/.test(name))
    .map(([name, text]) => [name, ...text.split(/\s+/).filter((word) => !/^-[Wg]/.test(word))]);
  const kbuild = Buffer.from(tree.read('Kbuild') ?? '').toString('latin1');
  return JSON.stringify([told, top?.roots ?? [], [...(top?.libraries ?? [])], kbuild]);
}
