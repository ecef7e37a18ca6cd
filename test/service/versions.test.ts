/** Versions of a series in the service: what a new one replaces, withdraws, drops, and says. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pino from 'pino';
import { systemClock } from '../../src/service/clock.js';
import { parseConfig } from '../../src/service/config-file.js';
import type { Store } from '../../src/service/database.js';
import { startMetrics } from '../../src/service/metrics.js';
import { migrate } from '../../src/service/migrate.js';
import { openFolder } from '../../src/service/pglite.js';
import { type Pool, startPool, TaskDropped } from '../../src/service/pool.js';
import { storeBatch } from '../../src/service/store/messages.js';
import type { ReadAnswer } from '../../src/service/tasks.js';
import { type Working, workThread } from '../../src/service/work.js';
import { scratchFolder, until } from '../servers/run.js';
import { configuration } from '../servers/service.js';
import { startSmallService } from '../servers/small-service.js';

const diffOf = (guarded: boolean, name = 'lantern') => `diff --git a/include/linux/${name}.h b/include/linux/${name}.h
--- a/include/linux/${name}.h
+++ b/include/linux/${name}.h
@@ -10,6 +10,${guarded ? 9 : 7} @@ struct ${name} {
 struct ${name} {
 	struct device *dev;
 	unsigned long flags;
${guarded ? '+#ifndef __GENKSYMS__\n' : ''}+	unsigned long wicks;
${guarded ? '+#endif\n' : ''} 	void (*lit)(struct ${name} *${name});
 	int lock;
 };
`;

interface Sent {
  readonly id: string;
  readonly subject: string;
  readonly text: string;
  readonly minute?: number;
  readonly more?: string;
}

function mail({ id, subject, text, minute = 0, more = '' }: Sent): Buffer {
  const date = `Date: Thu, 02 Jan 2025 12:${String(minute).padStart(2, '0')}:00 +0000`;
  const head = `From: Ada <ada@example.org>\nTo: kernel-list@example.org\nSubject: ${subject}\n${date}\nMessage-ID: <${id}>\n${more}`;
  return Buffer.from(`${head}\n${text}`.replace(/\n/g, '\r\n'));
}

const first: Sent = { id: 'v1@x', subject: '[PATCH] lantern: count wicks', text: `Count.\n\n---\n${diffOf(false)}` };
const second: Sent = {
  id: 'v2@x',
  subject: '[PATCH v2] lantern: count wicks',
  text: `Count.\n\n---\n${diffOf(true)}`,
  minute: 30,
};

const toList = { mode: 'list', reply: 'always', quiet: '1s', answerWithin: '9999d' };
/** Nothing listens there: a reply waits for its next attempt. */
const deaf = 1;

test('v2 in a thread of its own withdraws the unsent reply to v1, and says what changed since', async () => {
  const { imap, service, stop } = await startSmallService((folder, servers) =>
    configuration(folder, { ...servers, smtpPort: deaf }, {}, toList),
  );
  const lines = (text: string) => service.lines.filter(({ msg }) => msg === text);
  try {
    imap.deliver(mail(first));
    await until('v1 is refused', () => lines('reply refused for now').length > 0, 120_000);
    imap.deliver(mail(second));
    await until('v2 is reviewed', () => lines('reviewed').length === 2);
    await until('v2 is tried', () => lines('reply refused for now').some(({ review }) => review === 'r2'));
    expect(lines('an unsent reply was withdrawn')).toMatchObject([{ series: 'v1@x', by: 'v2@x' }]);
    const page = (await (await fetch(`http://127.0.0.1:${service.port()}/reviews/r2`)).text()).replace(/\s+/g, ' ');
    expect(page).toContain('Since v1');
  } finally {
    await stop();
  }
}, 300_000);

test('a newer version takes an unsent reply back where the server vouches for its sender; else a person decides', async () => {
  const bot = { address: 'kabiwatch@bot.example.org', owner: 'owner@example.org' };
  const password = { env: 'KABIWATCH_TEST_PASSWORD' };
  const account = { name: 'main', host: '127.0.0.1', tls: 'none', user: 'bot', password };
  const { imap, service, stop } = await startSmallService((folder, servers) => {
    const accounts = [{ ...account, port: servers.imapPort, authentication: 'mx.example.net' }];
    return configuration(folder, { ...servers, smtpPort: deaf }, { bot, accounts }, toList);
  });
  const lines = (text: string) => service.lines.filter(({ msg }) => String(msg).startsWith(text));
  const vouched = 'Authentication-Results: mx.example.net; dkim=pass header.d=example.org\n';
  try {
    imap.deliver(mail(first));
    await until('v1 is refused', () => lines('reply refused for now').length > 0, 120_000);
    imap.deliver(mail(second));
    await until('v1 is held', () => lines('an unsent reply is held').length === 1);
    imap.deliver(
      mail({ ...second, id: 'v3@x', subject: '[PATCH v3] lantern: count wicks', minute: 40, more: vouched }),
    );
    await until('v2 is withdrawn', () => lines('an unsent reply was withdrawn').length === 1);
    expect(lines('an unsent reply was withdrawn')).toMatchObject([{ series: 'v2@x', by: 'v3@x' }]);
    const answer = await fetch(`http://127.0.0.1:${service.port()}/deliveries.json`);
    const deliveries = (await answer.json()) as { state: string }[];
    expect(deliveries.map(({ state }) => state)).toEqual([
      expect.stringMatching(/planned|sending/),
      'withdrawn',
      'held',
    ]);
  } finally {
    await stop();
  }
}, 300_000);

test('v2 is answered too when the answer to v1 has come back over the list', async () => {
  const { imap, smtp, service, stop } = await startSmallService(
    (folder, servers) => configuration(folder, servers, {}, toList),
    ({ raw }, imap) => imap.deliver(raw),
  );
  const stored = () => service.lines.reduce((sum, { fresh }) => sum + Number(fresh ?? 0), 0);
  try {
    imap.deliver(mail(first));
    await until('v1 is answered, and the answer is read', () => stored() === 2, 120_000);
    imap.deliver(mail(second));
    await until('v2 is answered', () => smtp.mails.length === 2, 120_000);
    const text = smtp.mails[1]?.raw.toString('latin1') ?? '';
    expect(text).toContain('In-Reply-To: <v2@x>');
    expect(text).toContain('Since v1: crc-break becomes');
  } finally {
    await stop();
  }
}, 300_000);

test('parts without References are one series, and a late one replaces nothing', async () => {
  const { folder, imap, service, stop } = await startSmallService((folder, servers) =>
    configuration(folder, servers, {}, { reply: 'always', quiet: '3s' }),
  );
  const lines = (text: string) => service.lines.filter(({ msg }) => msg === text);
  try {
    const part = (n: number, version = ''): Sent => ({
      id: `p${n}${version.trim()}@x`,
      subject: `[PATCH${version} ${n}/3] part ${n}`,
      text: `Text.\n\n---\n${diffOf(false, `part${n}`)}`,
      minute: n + (version === '' ? 0 : 20),
    });
    for (const n of [3, 1, 2]) imap.deliver(mail(part(n)));
    await until('it is reviewed', () => lines('reply sent').length > 0, 120_000);
    // Patch 2 rerolled in answer to itself: the series is judged again with it, as v2.
    imap.deliver(mail({ ...part(2, ' v2'), more: 'In-Reply-To: <p2@x>\n' }));
    await until('the reroll is reviewed', () => lines('reviewed').length === 2, 120_000);
    expect(lines('reviewed').map(({ series }) => series)).toEqual(['p1@x', 'p2v2@x']);
    const replies = readdirSync(join(folder, 'replies'));
    const texts = replies.map((name) => readFileSync(join(folder, 'replies', name), 'latin1'));
    expect(texts.filter((text) => text.includes('In-Reply-To: <p1@x>'))).toHaveLength(1);
  } finally {
    await stop();
  }
}, 300_000);

const list = { name: 'kernel-list', quietMs: 0 };
const scratch = scratchFolder('versions-store');
let store: Store;
let pool: Pool;
beforeAll(async () => {
  store = await openFolder(join(scratch.path, 'data'));
  await migrate(store);
  const limits = { workers: 1, timeMs: 60_000, memoryBytes: 768_000_000 };
  pool = startPool(new URL('../../dist/service/worker.js', import.meta.url), limits);
}, 300_000);
afterAll(async () => {
  await pool.close();
  await store.close();
  scratch.remove();
});

let uid = 0;
async function deliver(raw: Buffer): Promise<readonly number[]> {
  const [read] = (await pool.run({
    kind: 'read',
    mails: [raw],
    identity: { address: 'bot@x', authentication: null },
  })) as ReadAnswer;
  if (read?.ok !== true) throw new Error('not read');
  const cursor = { host: 'h', mailbox: 'm', uidValidity: 1, lastUid: ++uid, since: null };
  const incoming = [{ kind: 'read', facts: read.facts, receivedAt: new Date(), raw } as const];
  return (await storeBatch(store, list, { incoming, cursor }, new Date())).parts.map(({ thread }) => thread);
}

function working(over: Partial<Working>): Working {
  return {
    store,
    pool,
    clock: systemClock,
    log: pino({ level: 'silent' }),
    metrics: startMetrics(),
    config: parseConfig(
      configuration(scratch.path, { imapPort: 1, user: 'u', mailbox: 'INBOX', smtpPort: 1 }, {}, { reply: 'always' }),
      'test.yaml',
    ),
    engine: 'kabiwatch test',
    bot: { name: 'kabiwatch', address: 'bot@x', replyTo: null, archive: null },
    planned: () => undefined,
    running: new Map(),
    ...over,
  };
}

async function reviewed(): Promise<string[]> {
  const rows = await store.query<{ id: string }>(
    'select s.message_id as id from kabiwatch.review r join kabiwatch.series s on s.id = r.series order by r.id',
  );
  return rows.map(({ id }) => id);
}

test('a review of v1 that runs when v2 comes is dropped; then v2 alone is answered', async () => {
  const [thread = 0] = await deliver(mail({ ...first, id: 'drop1@x', subject: '[PATCH] drop: count' }));
  const running = new Map<number, AbortController>();
  let started = 0;
  const slow: Pool = {
    ...pool,
    run: ((_task: unknown, options: { signal: AbortSignal }) =>
      new Promise((_, reject) => {
        started++;
        options.signal.addEventListener('abort', () => reject(new TaskDropped()));
      })) as Pool['run'],
  };
  const work = workThread(working({ pool: slow, running }), thread);
  await until('it runs', () => started === 1);
  const [again = -1] = await deliver(mail({ ...second, id: 'drop2@x', subject: '[PATCH v2] drop: count' }));
  for (const [, controller] of running) controller.abort();
  await work;
  expect(await reviewed()).toEqual([]);
  await workThread(working({}), again);
  expect(await reviewed()).toEqual(['drop1@x', 'drop2@x']);
  const planned = await store.query<{ id: string; mail: { text: string } }>(
    'select s.message_id as id, d.mail from kabiwatch.delivery d join kabiwatch.series s on s.id = d.series',
  );
  expect(planned.map(({ id }) => id)).toEqual(['drop2@x']);
  expect(planned[0]?.mail.text).toContain('Since v1: crc-break becomes');
}, 300_000);

test('a part that another process stored while a review ran makes it stale: nothing of it is kept', async () => {
  const [thread = 0] = await deliver(mail({ ...first, id: 'stale1@x', subject: '[PATCH 1/2] stale: one' }));
  const before = await reviewed();
  const late: Pool = {
    ...pool,
    run: (async (task: never, options: never) => {
      const answer = await pool.run(task, options);
      await deliver(mail({ ...second, id: 'stale2@x', subject: '[PATCH 2/2] stale: two', minute: 1 }));
      return answer;
    }) as Pool['run'],
  };
  await workThread(working({ pool: late }), thread);
  expect(await reviewed()).toEqual(before);
  const rows = await store.query<{ thread: number }>(
    `select t.id as thread from kabiwatch.thread t join kabiwatch.message m on m.thread = t.id
     where m.message_id = 'stale2@x' and t.due_at is not null and t.queued_at is null`,
  );
  expect(rows).toHaveLength(1);
  await workThread(working({}), rows[0]?.thread ?? 0);
  expect(await reviewed()).toEqual([...before, 'stale1@x']);
}, 300_000);
