/** `kabiwatch replay ARCHIVE`: a whole archive through parsing, threading, diffs and triage, and what came of each mail. */
import { availableParallelism } from 'node:os';
import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import { archiveOf } from '../disk/archives/mail-source.js';
import { type Replayed, replayMails } from '../disk/archives/replay-pool.js';
import { openReplayState } from '../disk/archives/replay-state.js';
import { type Assembly, assemble } from '../mail/assemble.js';

interface ReplayOptions {
  readonly json?: boolean;
  readonly state?: string;
  readonly threads: string;
}

const examples = `
Examples:
  kabiwatch replay linux-modules.git                      a public-inbox archive
  kabiwatch replay --state modules.replay archive.mbox    may be stopped, and goes on where it was`;

export function addReplay(program: Command): void {
  program
    .command('replay')
    .description('read a whole archive: mbox, maildir or public-inbox')
    .argument('<archive>')
    .option('--state <file>', 'keep what was read; a later run goes on from it')
    .option('--threads <n>', 'worker threads', String(availableParallelism()))
    .option('--json', 'print the counts as JSON')
    .addHelpText('after', examples)
    .action(replay);
}

const appendEvery = 256;

async function replay(path: string, options: ReplayOptions): Promise<void> {
  const state = options.state === undefined ? null : openReplayState(options.state, path);
  const read: Replayed[] = [...(state?.known ?? [])];
  const started = performance.now();
  const archive = await archiveOf(path, read.at(-1)?.at ?? null);
  const bar = new SingleBar({
    format: '{bar} {value}/{total} mails, {speed}/s, {eta_formatted} left',
    clearOnComplete: true,
  });
  if (process.stderr.isTTY) bar.start(archive.count + read.length, read.length, { speed: 0 });
  const known = read.length;
  let kept = read.length;
  try {
    const threads = Math.max(1, Math.min(64, Number(options.threads) || 1));
    for await (const mail of replayMails(archive.mails(), threads)) {
      read.push(mail);
      if (read.length - kept < appendEvery) continue;
      state?.append(read.slice(kept));
      kept = read.length;
      bar.update(kept, { speed: Math.round(((kept - known) * 1000) / (performance.now() - started)) });
    }
  } finally {
    state?.append(read.slice(kept));
    state?.close();
    bar.stop();
  }
  const assembly = assemble(read.map(({ message }) => message));
  const seconds = (performance.now() - started) / 1000;
  // Of all threads: what a busy machine cannot stretch.
  const cpu = process.cpuUsage();
  const counts = {
    ...countsOf(read, assembly),
    resumed: known,
    seconds,
    perSecond: (read.length - known) / seconds,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    peakMB: process.resourceUsage().maxRSS / 1024,
  };
  process.stdout.write(options.json === true ? `${JSON.stringify(counts, null, 2)}\n` : tableOf(counts));
}

/** Every mail is one of patch, cover, comment, pull, other, or a copy of one. */
function countsOf(read: readonly Replayed[], { series, pulls, others }: Assembly): Record<string, number> {
  const patches = series.reduce((sum, one) => sum + one.patches.length - one.kept.length, 0);
  const covers = series.filter(({ cover }) => cover !== null).length;
  const comments = series.reduce((sum, one) => sum + one.comments.length, 0);
  const pullIds = new Set(pulls.map(({ id }) => id));
  const pullComments = series.reduce((sum, one) => sum + one.comments.filter((id) => pullIds.has(id)).length, 0);
  const single = new Set(read.map(({ message }) => message.id)).size;
  return {
    mails: read.length,
    copies: read.length - single,
    patches,
    covers,
    comments: comments - pullComments,
    pulls: pulls.length,
    others: others.length,
    series: series.length,
    complete: series.filter(({ complete }) => complete).length,
    superseding: series.filter(({ supersedes }) => supersedes !== null).length,
    matter: read.filter(({ matters, message }) => matters && message.kind === 'patch').length,
    damaged: read.filter(({ message }) => message.kind === 'patch' && message.patch.damage.length > 0).length,
  };
}

function tableOf(counts: Record<string, number>): string {
  const rows = Object.entries(counts).map(([name, value]) => {
    const shown = Number.isInteger(value) ? String(value) : value.toFixed(1);
    return `${name.padEnd(12)}${shown.padStart(10)}`;
  });
  return `${rows.join('\n')}\n`;
}
