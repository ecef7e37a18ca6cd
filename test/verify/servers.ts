/**
 * `npm run verify:servers`: the messages of an mbox, served by Dovecot, by public-inbox-imapd and from a public-inbox archive in git, read,
 * threaded, reviewed and answered in dry-run by `kabiwatch serve`; all must say the same. `--mbox FILE` for another list than ../shared's.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gitArchive } from '../servers/archive.js';
import { type ImapServer, startDovecot } from '../servers/dovecot.js';
import { startPublicInbox } from '../servers/public-inbox.js';
import { run, scratchFolder, until } from '../servers/run.js';
import { configuration, startProcess } from '../servers/service.js';

export interface Outcome {
  readonly fresh: number;
  readonly known: number;
  readonly quarantined: number;
  /** `message-id verdict` of each review, sorted. */
  readonly reviews: readonly string[];
  /** Message-ID and text of each reply, without what differs by design (date, number of the review). */
  readonly replies: ReadonlyMap<string, string>;
  /** Until the last mail was stored; until the last reply was written (quiet times of incomplete series included). */
  readonly readSeconds: number;
  readonly seconds: number;
}

/** A list as git keeps it. */
interface Archived {
  readonly path: string;
  stop(): Promise<void>;
}

export async function throughService(server: ImapServer | Archived, count: number): Promise<Outcome> {
  const folder = scratchFolder('servers');
  const config = configuration(
    folder.path,
    'path' in server
      ? { imapPort: 1, user: 'nobody', mailbox: 'INBOX', smtpPort: 1 }
      : { imapPort: server.port, user: server.user, mailbox: server.mailbox, smtpPort: 1 },
    {},
    // Longer than the pauses of a busy machine: else a series is reviewed before its last part is read, on one server and not on the other.
    {
      ...{ mode: 'dry-run', reply: 'always', quiet: '20s' },
      ...('path' in server ? { account: undefined, publicInbox: { path: server.path } } : {}),
    },
  );
  const service = startProcess(`${folder.path}/kabiwatch.yaml`, config);
  const sum = (key: string) => service.lines.reduce((total, line) => total + (Number(line[key]) || 0), 0);
  const read = () => sum('fresh') + sum('known') + sum('quarantined');
  const reviewed = () => service.lines.filter(({ msg }) => msg === 'reviewed');
  try {
    await until('the service runs', () => service.port() !== null, 60_000);
    const started = performance.now();
    await until('all mails are read', () => read() >= count, 300_000);
    const readSeconds = (performance.now() - started) / 1000;
    let last = -1;
    let since = performance.now();
    // Done when nothing was reviewed or sent for longer than the quiet time.
    await until(
      'the reviews are done',
      () => {
        const now = service.lines.filter(({ msg }) => msg === 'reviewed' || msg === 'reply sent').length;
        if (now !== last) since = performance.now();
        last = now;
        return performance.now() - since > 25_000;
      },
      300_000,
    );
    const replies = new Map<string, string>();
    for (const name of readdirSync(`${folder.path}/replies`).filter((file) => file.endsWith('.eml'))) {
      const text = readFileSync(join(folder.path, 'replies', name), 'latin1');
      replies.set(name, text.replace(/^Date: .*$/m, '').replace(/^X-Kabi-Review: r\d+/m, ''));
    }
    return {
      fresh: sum('fresh'),
      known: sum('known'),
      quarantined: sum('quarantined'),
      reviews: [...new Map(reviewed().map((line) => [line.series, `${line.series} ${line.verdict}`])).values()].sort(),
      replies,
      readSeconds,
      seconds: (since - started) / 1000,
    };
  } finally {
    await service.stop();
    folder.remove();
  }
}

async function startArchive(mails: readonly Buffer[]): Promise<Archived> {
  const folder = scratchFolder('servers-archive');
  const archive = gitArchive(join(folder.path, 'list.git'));
  archive.add(...mails);
  return { path: archive.path, stop: async () => folder.remove() };
}

/** An mboxrd file: mails begin with `From ` after an empty line, `>From` was `From`. */
export function mailsOf(mbox: string): Buffer[] {
  return mbox
    .split(/(?:^|\n\n)From [^\n]*\n/)
    .slice(1)
    .map((text) =>
      Buffer.from(`${text.replace(/^>(>*From )/gm, '$1').replace(/\n*$/, '\n')}`.replace(/\r?\n/g, '\r\n'), 'latin1'),
    );
}

/** Series that another of the file replaces: answered only where the newer one came after the answer, which is a matter of time. */
async function supersededIn(mbox: string): Promise<ReadonlySet<string>> {
  const { stdout } = await run(process.execPath, ['dist/cli/main.js', 'thread', '--json', mbox], {
    maxBuffer: 1 << 28,
  });
  const series: { supersedes: string | null }[] = JSON.parse(stdout);
  return new Set(series.flatMap(({ supersedes }) => supersedes ?? []));
}

/** `message-id verdict` of each series, as `kabiwatch review` prints them; its exit code says the worst verdict. */
async function reviewFile(mbox: string): Promise<string[]> {
  const printed = await run(process.execPath, ['dist/cli/main.js', 'review', '--json', mbox], {
    maxBuffer: 1 << 28,
  }).catch((error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }));
  const reviews: { series: { messageId: string }; verdict: string }[] = [JSON.parse(printed.stdout)].flat();
  return reviews.map(({ series, verdict }) => `${series.messageId} ${verdict}`).sort();
}

if (process.argv[1]?.endsWith('servers.js')) {
  const { values } = parseArgs({
    options: { mbox: { type: 'string', default: '../shared/threads/linux-modules.mbox' } },
  });
  const mails = mailsOf(readFileSync(values.mbox, 'latin1'));
  console.log(`${mails.length} mails of ${values.mbox}`);
  const outcomes: [string, Outcome][] = [];
  for (const [name, start] of [
    ['Dovecot', () => startDovecot(mails)],
    ['public-inbox-imapd', () => startPublicInbox(mails)],
    ['an archive in git', () => startArchive(mails)],
  ] as const) {
    const server = await start();
    if (server === null) continue;
    const outcome = await throughService(server, mails.length);
    await server.stop();
    outcomes.push([name, outcome]);
    const verdicts: Record<string, number> = {};
    for (const line of outcome.reviews)
      verdicts[line.split(' ')[1] ?? ''] = (verdicts[line.split(' ')[1] ?? ''] ?? 0) + 1;
    console.log(
      `${name}: ${outcome.fresh} stored, ${outcome.known} known, ${outcome.quarantined} put aside; ${outcome.reviews.length} series, ${outcome.replies.size} replies; ` +
        `read and stored in ${outcome.readSeconds.toFixed(1)} s (${(mails.length / outcome.readSeconds).toFixed(0)} messages/s), ` +
        `answered in ${outcome.seconds.toFixed(1)} s (${(mails.length / outcome.seconds).toFixed(0)} messages/s); ${JSON.stringify(verdicts)}`,
    );
  }
  const [first, ...others] = outcomes;
  const printed = await reviewFile(values.mbox);
  const superseded = await supersededIn(values.mbox);
  const lasting = ({ replies }: Outcome): [string, string][] =>
    [...replies].filter(([, text]) => !superseded.has(/^In-Reply-To: <(.*)>/m.exec(text)?.[1] ?? '')).sort();
  for (const [name, { reviews }] of outcomes) {
    const equal = JSON.stringify(reviews) === JSON.stringify(printed);
    console.log(`${name} and kabiwatch review on the file: ${equal ? 'the same series and verdicts' : 'DIFFERENT'}`);
    for (const line of reviews.filter((one) => !printed.includes(one))) console.log(`only from ${name}: ${line}`);
    for (const line of printed.filter((one) => !reviews.includes(one))) console.log(`only from the file: ${line}`);
    if (!equal) process.exitCode = 1;
  }
  for (const second of others) {
    if (first === undefined) break;
    const same =
      JSON.stringify(first[1].reviews) === JSON.stringify(second[1].reviews) &&
      JSON.stringify(lasting(first[1])) === JSON.stringify(lasting(second[1]));
    console.log(
      same
        ? `the same reviews from ${first[0]} and ${second[0]}, and the same ${lasting(first[1]).length} replies to series that no other replaces`
        : 'DIFFERENT reviews or replies',
    );
    for (const line of first[1].reviews.filter((one) => !second[1].reviews.includes(one)))
      console.log(`only from ${first[0]}: ${line}`);
    for (const line of second[1].reviews.filter((one) => !first[1].reviews.includes(one)))
      console.log(`only from ${second[0]}: ${line}`);
    for (const [name, text] of lasting(first[1])) {
      if (second[1].replies.get(name) !== text) console.log(`reply differs: ${name}`);
    }
    if (!same) process.exitCode = 1;
  }
  process.exit();
}
