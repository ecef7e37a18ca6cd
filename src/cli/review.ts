/** `kabiwatch review FILE...`: series in, one report out; the exit code says the worst verdict. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import pc from 'picocolors';
import { LexCache } from '../c/lex/lex-cache.js';
import { sourceForSeries } from '../disk/series-source.js';
import type { TreeInput } from '../disk/tree-input.js';
import { configurationsOf } from '../disk/trees/configurations.js';
import { KabiwatchError } from '../errors.js';
import { type Architecture, architectures, type Missing, type Review, type Verdict } from '../kabi/review.js';
import { reviewByUnits } from '../kabi/review-by-units.js';
import { type Configuration, reviewSeries } from '../kabi/review-series.js';
import { newReading } from '../kabi/series/series-changes.js';
import { worstOf } from '../kabi/verdict.js';
import { type KnownSeries, knownSeries } from '../patch/prerequisites.js';
import type { Series } from '../patch/series.js';
import { b4Report } from '../report/b4.js';
import { actionAnnotations, actionSummary } from '../report/github-action.js';
import { markdownReport } from '../report/markdown.js';
import { sarifReport } from '../report/sarif.js';
import type { Earlier } from '../report/since.js';
import { textReport } from '../report/text.js';
import { shellWord } from '../report/wording.js';
import { versionNumber } from '../service/engine.js';
import { overlaySeries } from '../tree/overlay.js';
import { seriesInFiles } from './mail-input.js';
import { type ReferenceReview, withReference } from './review-reference.js';

/** Of the units that show a changed type to genksyms so many are read, before and after in both views. */
const mostUnits = 8;

const formats = ['text', 'json', 'markdown', 'b4', 'sarif', 'github'] as const;
type Format = (typeof formats)[number];

export interface ReviewOptions {
  readonly arch: readonly Architecture[];
  readonly tree?: string;
  readonly branch?: readonly string[];
  readonly build?: readonly string[];
  readonly unit?: readonly string[];
  readonly reference?: string;
  readonly format: Format;
  readonly json?: boolean;
  readonly advice: boolean;
  readonly fix?: string | true;
  readonly verify?: boolean;
}

const examples = `
Examples:
  kabiwatch review 0001-mm-count-users.patch          a patch file, from what it shows
  kabiwatch review --arch s390x thread.mbox           every series of a thread
  b4 am -o - MESSAGE-ID | kabiwatch review -          from standard input
  kabiwatch review --json series.mbox | jq .verdict   one series: an object; several: an array
  kabiwatch review --tree linux --build /usr/src/linux-headers-6.1.0-56-amd64 --unit lib/genalloc.c x.patch
                                                      exact offsets and versions, from source
  kabiwatch review --tree linux.git --branch v6.1 --build /usr/src/linux-headers-6.1.0-56-amd64 series.mbox
                                                      on the base that the series names, or its index lines, or the branch
  kabiwatch review --reference debian-6.1.0-56-amd64 x.patch
                                                      all exports of a released kernel, checked with what it shipped
  kabiwatch review --tree linux --build x86 --build s390 --arch x86_64 --arch s390x --fix fixes x.patch
                                                      on both; a harmless rewrite, if there is one, goes to fixes/
  kabiwatch review --format sarif x.patch > out.sarif
  kabiwatch review --format github x.patch            in a GitHub Action: annotations, and the step summary

Exit code: 0 none or guarded, 1 conditional, crc-break or silent-break, 2 bad usage or unreadable input, 3 unknown.`;

export function addReview(program: Command): void {
  program
    .command('review')
    .description('say what the series in these files do to the kABI')
    .argument('<file...>', 'mbox, mail, git format-patch file or diff; - for standard input')
    .addOption(new Option('--format <name>', 'how to print it').choices([...formats]).default('text'))
    .option('--json', 'short for --format json')
    .option(
      '--arch <name>',
      `architecture: ${architectures.join(', ')}; repeatable: the verdict is the worst of all`,
      architectureNamed,
      [],
    )
    .option(
      '--tree <dir>',
      'kernel source that the series applies to: a directory, DIR@REVISION of a git repository, or a bare one where the base is looked for',
    )
    .option(
      '--branch <name>',
      'tried in a bare repository when a series does not name its base; repeatable',
      collected,
      [],
    )
    .option(
      '--build <dir>',
      'where .config and generated headers are, if not in the tree; repeatable, one for each architecture or configuration',
      collected,
      [],
    )
    .option(
      '--unit <file>',
      'count only the exports of this unit; repeatable; default: the units that the series touches, and some that show its types',
      collected,
      [],
    )
    .option(
      '--reference <name>',
      'a released kernel, by name or file: its exports are judged, its numbers compared; its tree and build where none is named',
    )
    .option('--no-advice', 'look for no harmless rewrite')
    .option('--fix [dir]', 'write the verified rewrite, a patch on top of the series, into a directory (default: here)')
    .option('--verify', 'have clang (the optional package @yowasp/clang) lay out again what changed; with --tree')
    .addHelpText('after', examples)
    .action(runReview);
}

function architectureNamed(name: string, before: readonly Architecture[] = []): readonly Architecture[] {
  const found = architectures.find((one) => one === name);
  if (found === undefined) throw new InvalidArgumentError(`one of ${architectures.join(', ')}`);
  return before.includes(found) ? before : [...before, found];
}

function collected(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

interface Reviewed {
  readonly series: Series;
  readonly review: Review;
  /** What it was judged on; none where from the mail alone. */
  readonly sources: readonly Pick<Configuration, 'tree' | 'build' | 'arch'>[];
}

async function runReview(files: readonly string[], options: ReviewOptions): Promise<void> {
  refuseWithoutTree(options);
  const series = await seriesInFiles(files);
  if (series.length === 0)
    throw new KabiwatchError('file-unreadable', { path: files.join(', '), why: 'no patch in it' });
  const reviews: Reviewed[] = [];
  const known = knownSeries(series);
  const judge = options.reference === undefined ? null : withReference(options.reference, options, known);
  for (const one of series) {
    const reviewed = judge === null ? reviewOne(one, options, known) : byReference(one, await judge(one));
    reviews.push(options.verify === true ? await withSecondOpinion(reviewed) : reviewed);
  }
  if (options.fix !== undefined) writeFixes(reviews, options.fix === true ? '.' : options.fix);
  process.stdout.write(printed(reviews, options.json === true ? 'json' : options.format));
  process.exitCode = exitCodeOf(worstOf(reviews.map(({ review }) => review.verdict)));
}

/** What says nothing of a mail alone. */
function refuseWithoutTree({ tree, reference, verify, build = [], branch = [], unit = [] }: ReviewOptions): void {
  if (tree !== undefined || reference !== undefined) return;
  const given: readonly (readonly [boolean, string])[] = [
    [verify === true, '--verify compares layouts'],
    [build.length > 0, '--build says how a tree is configured'],
    [branch.length > 0, '--branch is of a tree'],
    [unit.length > 0, '--unit is a file of a tree'],
  ];
  const why = given.find(([isGiven]) => isGiven)?.[1];
  if (why !== undefined) throw new KabiwatchError('usage', { why, remedy: 'name the kernel source with --tree' });
}

function byReference(series: Series, { review, source }: ReferenceReview): Reviewed {
  return { series, review, sources: source === null ? [] : [source] };
}

function reviewOne(
  given: Series,
  { tree, branch = [], build = [], unit = [], arch, advice }: ReviewOptions,
  known: KnownSeries,
): Reviewed {
  const [asked = 'x86_64'] = arch;
  if (tree === undefined) return { series: given, review: reviewSeries({ series: given, arch: asked }), sources: [] };
  const branches = branch.length > 0 ? branch : ['HEAD'];
  const units = unit.length === 0 ? null : unit;
  const configurations: (Configuration & TreeInput)[] = [];
  let series = given;
  let missing: readonly Missing[] = [];
  for (const one of configurationsOf(build, arch)) {
    const found = sourceForSeries({ tree, branches, config: null, ahead: true, ...one }, given, known);
    if (!found.ok) {
      const review = reviewSeries({ series: given, arch: asked });
      return { series: given, review: { ...review, missing: [...review.missing, ...found.missing] }, sources: [] };
    }
    ({ series, missing } = found);
    configurations.push({ ...found.input, units, reading: newReading() });
  }
  const [source, ...also] = configurations;
  if (source === undefined) throw new Error('no configuration');
  const request = { series, arch: source.arch, source, also, advice };
  const review =
    units === null ? reviewByUnits(request, { ...source, reference: null }, mostUnits) : reviewSeries(request);
  return { series, review: { ...review, missing: [...review.missing, ...missing] }, sources: configurations };
}

/** `kabiwatch-fix-1.patch`, a file a series that has a rewrite; each is named on standard error. */
function writeFixes(reviews: readonly { readonly review: Review; readonly series: Series }[], dir: string): void {
  mkdirSync(dir, { recursive: true });
  reviews.forEach(({ review, series }, at) => {
    const [fix] = review.fixes;
    const none = review.missing.find(({ what }) => what === 'a safe alternative');
    if (fix === undefined) {
      if (none !== undefined) process.stderr.write(`no safe alternative for ${review.series.subject}: ${none.why}\n`);
      return;
    }
    const path = join(dir, `kabiwatch-fix-${at + 1}.patch`);
    const head = `${mailHead(fix.title, series)}On top of: ${review.series.subject}\n---\n`;
    writeFileSync(path, head + fix.diff, 'latin1');
    process.stderr.write(`${path}: ${fix.title} (${fix.verdict})\n`);
  });
}

/** What `git am` asks of a mail. Whoever wrote the series signs the rewrite, or puts another name there. */
function mailHead(subject: string, { patches }: Series): string {
  const author = patches[0]?.author ?? '';
  const from = /^[^<>\n]*<[^<>\s]+@[^<>\s]+>$/.test(author) ? author : 'kabiwatch <kabiwatch@localhost>';
  const date = new Date().toUTCString().replace('GMT', '+0000');
  return `From: ${from}\nDate: ${date}\nSubject: [PATCH] ${subject}\n\n`;
}

/** Clang's, on one configuration: the numbers of several stand in one review. */
async function withSecondOpinion(reviewed: Reviewed): Promise<Reviewed> {
  const { series, review, sources } = reviewed;
  const [source, more] = sources;
  if (source === undefined) return reviewed;
  if (more !== undefined)
    throw new KabiwatchError('usage', {
      why: '--verify takes one architecture and build',
      remedy: 'ask for each alone',
    });
  const { verified } = await import('../clang/verify.js');
  const { tree: before, build, arch } = source;
  const { after } = overlaySeries(before, series);
  return {
    ...reviewed,
    review: await verified(review, { before, after, build, target: arch, cache: new LexCache() }),
  };
}

export function exitCodeOf(verdict: Verdict): number {
  switch (verdict) {
    case 'none':
    case 'guarded':
      return 0;
    case 'conditional':
    case 'crc-break':
    case 'silent-break':
      return 1;
    case 'unknown':
      return 3;
  }
}

function printed(reviews: readonly { series: Series; review: Review }[], format: Format): string {
  const all = reviews.map(({ review }) => review);
  switch (format) {
    case 'json':
      return `${JSON.stringify(all.length === 1 ? all[0] : all, null, 2)}\n`;
    case 'markdown':
      return all.map(markdownReport).join('\n---\n\n');
    case 'b4':
      return b4Report(all);
    case 'sarif':
      return sarifReport(all, versionNumber());
    case 'github': {
      const summary = process.env.GITHUB_STEP_SUMMARY;
      if (summary !== undefined && summary !== '') appendFileSync(summary, all.map(actionSummary).join('\n'));
      return all.map(actionAnnotations).join('');
    }
    case 'text':
      return reviews
        .map(({ series, review }) =>
          textReport(review, series, { paint, command: commandGiven(), since: earlierOf(series, all) }),
        )
        .join('\n\n');
  }
}

function commandGiven(): string {
  return ['kabiwatch', ...process.argv.slice(2)].map(shellWord).join(' ');
}

/** The review of the version that this series replaces, where it was given too. */
function earlierOf({ supersedes }: Series, reviews: readonly Review[]): Earlier | null {
  const review = supersedes == null ? undefined : reviews.find(({ series }) => series.messageId === supersedes);
  return review === undefined ? null : { version: review.series.version, review };
}

function paint(verdict: Verdict, text: string): string {
  if (!process.stdout.isTTY) return text;
  const colour = {
    none: pc.green,
    guarded: pc.green,
    conditional: pc.yellow,
    unknown: pc.yellow,
    'crc-break': pc.red,
    'silent-break': pc.red,
  };
  return colour[verdict](pc.bold(text));
}
