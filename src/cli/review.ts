/** `kabiwatch review FILE...`: series in, one report out; the exit code says the worst verdict. */
import { appendFileSync, readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import pc from 'picocolors';
import { treeInput } from '../disk/tree-input.js';
import { KabiwatchError } from '../errors.js';
import { type Architecture, architectures, type Review, type Verdict } from '../kabi/review.js';
import { reviewSeries, type Source } from '../kabi/review-series.js';
import { worstOf } from '../kabi/verdict.js';
import type { Series } from '../patch/series.js';
import { b4Report } from '../report/b4.js';
import { actionAnnotations, actionSummary } from '../report/github-action.js';
import { markdownReport } from '../report/markdown.js';
import { sarifReport } from '../report/sarif.js';
import { textReport } from '../report/text.js';
import { seriesInFiles } from './mail-input.js';

const formats = ['text', 'json', 'markdown', 'b4', 'sarif', 'github'] as const;
type Format = (typeof formats)[number];

interface ReviewOptions {
  readonly arch?: Architecture;
  readonly tree?: string;
  readonly build?: readonly string[];
  readonly unit?: readonly string[];
  readonly format: Format;
  readonly json?: boolean;
}

const examples = `
Examples:
  kabiwatch review 0001-mm-count-users.patch          a patch file, from what it shows
  kabiwatch review --arch s390x thread.mbox           every series of a thread
  b4 am -o - MESSAGE-ID | kabiwatch review -          from standard input
  kabiwatch review --json series.mbox | jq .verdict   one series: an object; several: an array
  kabiwatch review --tree linux --build /usr/src/linux-headers-6.1.0-56-amd64 --unit lib/genalloc.c x.patch
                                                      exact offsets and versions, from source
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
    .option('--arch <name>', `architecture: ${architectures.join(', ')}`, architectureNamed)
    .option(
      '--tree <dir>',
      'kernel source that the series applies to: a directory, or DIR@REVISION of a git repository',
    )
    .option('--build <dir>', 'where .config and generated headers are, if not in the tree; repeatable', collected, [])
    .option(
      '--unit <file>',
      'count only the exports of this unit; repeatable; default: the units that the series touches',
      collected,
      [],
    )
    .addHelpText('after', examples)
    .action(runReview);
}

function architectureNamed(name: string): Architecture {
  const found = architectures.find((one) => one === name);
  if (found === undefined) throw new InvalidArgumentError(`one of ${architectures.join(', ')}`);
  return found;
}

function collected(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

async function runReview(files: readonly string[], options: ReviewOptions): Promise<void> {
  const series = await seriesInFiles(files);
  if (series.length === 0)
    throw new KabiwatchError('file-unreadable', { path: files.join(', '), why: 'no patch in it' });
  const source = options.tree === undefined ? null : sourceOf(options.tree, options);
  const arch = source?.arch ?? options.arch ?? 'x86_64';
  const reviews = series.map((one) => ({ series: one, review: reviewSeries({ series: one, arch, source }) }));
  process.stdout.write(printed(reviews, options.json === true ? 'json' : options.format));
  process.exitCode = exitCodeOf(worstOf(reviews.map(({ review }) => review.verdict)));
}

function sourceOf(tree: string, { build = [], unit, arch }: ReviewOptions): Source & { arch: Architecture } {
  return {
    ...treeInput({ tree, build, arch: arch ?? null }),
    units: unit === undefined || unit.length === 0 ? null : unit,
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
      return sarifReport(all, version());
    case 'github': {
      const summary = process.env.GITHUB_STEP_SUMMARY;
      if (summary !== undefined && summary !== '') appendFileSync(summary, all.map(actionSummary).join('\n'));
      return all.map(actionAnnotations).join('');
    }
    case 'text':
      return reviews.map(({ series, review }) => textReport(review, series, { paint })).join('\n\n');
  }
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

function version(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}
