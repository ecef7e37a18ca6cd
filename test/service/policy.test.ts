import { expect, test } from '@jest/globals';
import type { Review } from '../../src/kabi/review.js';
import { readCommands } from '../../src/service/commands.js';
import { parseConfig } from '../../src/service/config-file.js';
import { type Decision, decide, type Occasion } from '../../src/service/policy.js';
import { inQuietHours } from '../../src/service/quiet-hours.js';
import { replyId } from '../../src/service/reply.js';
import { emptyReview } from './review.js';

const config = parseConfig(
  `bot: { address: kabi@example.org }
smtp: { host: h }
accounts: [{ name: a, host: h, user: u, password: { env: P } }]
lists: [{ name: l, address: l@example.org, account: a, mode: list, cc: [m@example.org, l@example.org] }]`,
  'k.yaml',
);
const [list] = config.lists;
if (list === undefined) throw new Error('no list');
const now = new Date('2025-01-02T12:00:00Z');

function occasion(review: Partial<Review>, over: Partial<Occasion> = {}): Occasion {
  return {
    series: {
      messageId: 's@x',
      subject: '[PATCH] x',
      version: 1,
      complete: true,
      patches: 'd',
      supersedes: null,
      supersededBy: null,
      vouched: false,
      replacementVouched: false,
      patchIds: [],
      shown: [],
      author: { name: 'A', address: 'a@example.org' },
      references: ['s@x'],
      review: emptyReview(review),
      reply: 'text',
      ms: 1,
    },
    list: list as NonNullable<typeof list>,
    automatic: null,
    receivedAt: now,
    muted: false,
    history: { thread: 0, burst: 0, optedOut: false, answeredByOther: false },
    posting: config.posting,
    now,
    ...over,
  };
}

const told = (decision: Decision) => (decision.kind === 'silent' ? decision.why : decision);
const quiet = { thread: 0, burst: 0, optedOut: false, answeredByOther: false };

test('a break is told to the author, with the list in copy, each address once', () => {
  expect(decide(occasion({ verdict: 'crc-break' }))).toEqual({
    kind: 'reply',
    outlet: 'mail',
    to: ['a@example.org'],
    cc: ['l@example.org', 'm@example.org'],
    held: null,
  });
});

test('mode author writes to nobody else', () => {
  const decision = decide(occasion({ verdict: 'crc-break' }, { list: { ...list, mode: 'author' } }));
  expect(decision).toMatchObject({ to: ['a@example.org'], cc: [] });
});

test.each([
  ['off', occasion({ verdict: 'silent-break' }, { list: { ...list, mode: 'off' } }), 'the list is off'],
  ['nothing found', occasion({ verdict: 'none' }), 'nothing to say'],
  ['unknown without a finding', occasion({ verdict: 'unknown' }), 'nothing to say'],
  [
    'a break where nothing is promised',
    occasion({ verdict: 'crc-break' }, { list: { ...list, promise: 'advisory' } }),
    'nothing to say',
  ],
  [
    'a machine wrote it',
    occasion({ verdict: 'crc-break' }, { automatic: 'auto-submitted' }),
    'not answered: auto-submitted',
  ],
  ['muted', occasion({ verdict: 'crc-break' }, { muted: true }), 'the thread is muted'],
  [
    'opted out',
    occasion({ verdict: 'crc-break' }, { history: { ...quiet, optedOut: true } }),
    'the author or the list opted out',
  ],
  [
    'another kabiwatch was there',
    occasion({ verdict: 'crc-break' }, { history: { ...quiet, answeredByOther: true } }),
    'a kabiwatch has answered in this thread',
  ],
  [
    'three answers in the thread',
    occasion({ verdict: 'crc-break' }, { history: { ...quiet, thread: 3 } }),
    'the thread has 3 answers of this week already',
  ],
  [
    'a week old',
    occasion({ verdict: 'crc-break' }, { receivedAt: new Date('2024-12-01') }),
    'the series is too old to be answered',
  ],
])('silence: %s', (_name, about, why) => {
  expect(told(decide(about))).toBe(why);
});

test('a lying guard is worth a mail also where nothing is promised', () => {
  expect(decide(occasion({ verdict: 'silent-break' }, { list: { ...list, promise: 'advisory' } })).kind).toBe('reply');
});

test('moderation and bursts hold the reply, they do not drop it', () => {
  expect(decide(occasion({ verdict: 'crc-break' }, { list: { ...list, moderation: true } }))).toMatchObject({
    held: 'waits for approval',
  });
  const burst = { ...quiet, burst: config.posting.breakerBursts };
  expect(decide(occasion({ verdict: 'crc-break' }, { history: burst }))).toMatchObject({
    held: expect.stringContaining('held for the owner'),
  });
});

test('an address that could break a header is not written to', () => {
  const about = occasion({ verdict: 'crc-break' });
  const evil = { ...about.series, author: { name: 'A', address: 'a@example.org\nBcc: x@example.org' } };
  expect(told(decide({ ...about, series: evil }))).toBe('the author has no usable address');
});

test('the Message-ID follows from series, version and engine alone', () => {
  const bot = { name: 'k', address: 'kabi@example.org', replyTo: null, archive: null };
  const id = replyId({ messageId: 's@x', version: 1 }, 'kabiwatch 1', bot);
  expect(id).toMatch(/^kabi-[0-9a-f]{32}@example\.org$/);
  expect(replyId({ messageId: 's@x', version: 1 }, 'kabiwatch 1', bot)).toBe(id);
  expect(replyId({ messageId: 's@x', version: 2 }, 'kabiwatch 1', bot)).not.toBe(id);
  expect(replyId({ messageId: 's@x', version: 1 }, 'kabiwatch 2', bot)).not.toBe(id);
});

test('quiet hours go over midnight', () => {
  const night = { from: '22:30', to: '06:00' };
  const at = (time: string) => inQuietHours(night, new Date(`2025-01-02T${time}Z`));
  expect([at('22:29:00'), at('22:30:00'), at('03:00:00'), at('05:59:00'), at('06:00:00')]).toEqual([
    false,
    true,
    true,
    true,
    false,
  ]);
});

test('questions need their kabi:, and a name that is one', () => {
  expect(readCommands(['kabi: recheck', 'KABI:  explain  struct   mm_struct', 'kabi: explain page'])).toEqual([
    { kind: 'recheck' },
    { kind: 'explain', type: 'struct mm_struct' },
    { kind: 'explain', type: 'page' },
  ]);
  expect(readCommands(['recheck', 'explain struct x', 'kabi: explain struct a b', 'kabi: explain <img>'])).toEqual([]);
});

test('a command is a line of its own', () => {
  expect(readCommands(['Hello,', ' Unsubscribe ', 'kabi: mute this thread', 'approve r12 aBc-dEf_9'])).toEqual([
    { kind: 'unsubscribe' },
    { kind: 'mute' },
    { kind: 'approve', review: 12, code: 'aBc-dEf_9' },
  ]);
  expect(readCommands(['unsubscribe Kernel-List@example.org', 'subscribe a-list'])).toEqual([
    { kind: 'unsubscribe list', list: 'kernel-list@example.org' },
    { kind: 'subscribe list', list: 'a-list' },
  ]);
  expect(
    readCommands(['please unsubscribe me', '> unsubscribe', 'unsubscribe from this', 'approve r1', 'approve r1 x']),
  ).toEqual([]);
});
