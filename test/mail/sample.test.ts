/** Series of a real list against a sample that was put together by hand; the mails themselves come from the archive at run time. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { mailsInGit } from '../../src/disk/archives/mail-archive.js';
import { type AssembledSeries, type Assembly, assemble } from '../../src/mail/assemble.js';
import { type Message, readMessage } from '../../src/mail/message.js';
import { scratchFolder } from '../servers/run.js';

const bundle = join('..', 'shared', 'threads', 'linux-modules.bundle');
const rows = readFileSync(join('test', 'cases', 'mail', 'linux-modules-sample.tsv'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

async function assembly(): Promise<{ readonly messages: readonly Message[]; readonly made: Assembly }> {
  const folder = scratchFolder('sample');
  try {
    const archive = join(folder.path, 'archive.git');
    execFileSync('git', ['clone', '-q', '--mirror', bundle, archive]);
    const messages: Message[] = [];
    for await (const { raw } of mailsInGit(archive)) messages.push(await readMessage(raw));
    return { messages, made: assemble(messages) };
  } finally {
    folder.remove();
  }
}

function shown({ head, version, rfc, patches, total, kept, cover, supersedes }: AssembledSeries): string {
  const parts = `${ranges(patches.map(({ n }) => n))} of ${total}${kept.length === 0 ? '' : ` kept ${ranges(kept)}`}`;
  return [head.id, `v${version}${rfc ? ' rfc' : ''}`, parts, cover === null ? '-' : 'cover', supersedes ?? '-'].join(
    '\t',
  );
}

/** `1-3,5` */
function ranges(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const n of numbers) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] === n - 1) run[1] = n;
    else runs.push([n, n]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

test(`${rows.length} series of an archive of 10,570 mails are as they were put together by hand, and every mail has its place`, async () => {
  if (!existsSync(bundle)) return console.log(`skipped: no archive at ${bundle}`);
  const { messages, made } = await assembly();
  const byHead = new Map(made.series.map((one) => [one.head.id, shown(one)]));
  expect(rows.map((row) => byHead.get(row.split('\t')[0] ?? '') ?? `${row.split('\t')[0]}: no series`)).toEqual(rows);
  const placed = [
    ...made.series.flatMap(({ cover, patches, kept, comments }) => [
      ...(cover === null ? [] : [cover.id]),
      ...patches.filter(({ n }) => !kept.includes(n)).map(({ message }) => message.id),
      ...comments,
    ]),
    ...made.others.map(({ id }) => id),
    ...made.pulls.map(({ id }) => id),
  ];
  expect(new Set(placed)).toEqual(new Set(messages.map(({ id }) => id)));
}, 240_000);
