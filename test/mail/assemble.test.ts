/** Series assembly: what belongs together, what replaces what; the order of arrival changes nothing. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Assembly, assemble } from '../../src/mail/assemble.js';
import type { Message } from '../../src/mail/message.js';
import { diff, message, patch } from './mails.js';

/** `v2 3/3 cover: 1=a 2=b!` and the like, a line a series; `!` kept from the older one. */
function shown({ series }: Assembly): string[] {
  return series.map(({ version, total, complete, cover, patches, kept, supersedes }) => {
    const list = patches.map(({ n, message: { id } }) => `${n}=${id}${kept.includes(n) ? '!' : ''}`).join(' ');
    const head = `v${version} ${total}${complete ? '' : ' incomplete'}${cover === null ? '' : ` ${cover.id}`}`;
    return `${head}: ${list}${supersedes === null ? '' : ` < ${supersedes}`}`;
  });
}

const cover = (id: string, subject: string, at: number, ...answers: string[]): Promise<Message> =>
  message({ id, subject, at, answers, body: 'What it is about.' });

const threads: Record<string, { mails: () => Promise<Message>[]; series: readonly string[] }> = {
  'a reroll of one patch inside the thread replaces that patch alone': {
    mails: () => [
      patch('a', '[PATCH 1/3] x: one', 0),
      patch('b', '[PATCH 2/3] x: two', 1, 'a'),
      patch('c', '[PATCH 3/3] x: three', 2, 'a'),
      message({ id: 'r', subject: 'Re: [PATCH 2/3] x: two', at: 60, answers: ['a', 'b'], body: 'Please mend.' }),
      patch('b2', '[PATCH v2 2/3] x: two', 90, 'a', 'b', 'r'),
    ],
    series: ['v1 3: 1=a 2=b 3=c', 'v2 3: 1=a! 2=b2 3=c! < a'],
  },
  'a cover letter and patches without References are tied by sender, version, total and time': {
    mails: () => [
      cover('0', '[PATCH v3 0/2] x: all', 0),
      patch('1', '[PATCH v3 1/2] x: one', 1),
      patch('2', '[PATCH v3 2/2] x: two', 2),
      message({ id: 'z', subject: '[PATCH v3 2/2] y: two', from: 'Zed <z@example.org>', at: 2, body: diff }),
    ],
    series: ['v3 2 0: 1=1 2=2', 'v3 2 incomplete: 2=z'],
  },
  'patches whose cover letter is lost are tied by its id': {
    mails: () => [patch('1', '[PATCH 1/2] x: one', 0, 'lost'), patch('2', '[PATCH 2/2] x: two', 300, 'lost')],
    series: ['v1 2: 1=1 2=2'],
  },
  'an RFC is replaced by the real series, in a thread of its own': {
    mails: () => [
      patch('1', '[RFC PATCH] x: one', 0),
      patch('2', '[PATCH] x: one', 5000),
      patch('3', '[PATCH v2] x: one', 9000),
    ],
    series: ['v1 1: 1=1', 'v1 1: 1=2 < 1', 'v2 1: 1=3 < 2'],
  },
  'a change-id ties versions whose titles share nothing': {
    mails: () => [
      message({ id: '1', subject: '[PATCH] x: one', at: 0, body: `change-id: 20240101-box-0123456789ab\n${diff}` }),
      message({ id: '2', subject: '[PATCH v2] a: b', at: 99, body: `change-id: 20240101-box-0123456789ab\n${diff}` }),
    ],
    series: ['v1 1: 1=1', 'v2 1: 1=2 < 1'],
  },
  'References in a loop are a set of messages like any other': {
    mails: () => [
      patch('1', '[PATCH 1/2] x: one', 0, '2'),
      patch('2', '[PATCH 2/2] x: two', 1, '1'),
      message({ id: 'c', subject: 'Re: x', at: 3, answers: ['d'] }),
      message({ id: 'd', subject: 'Re: x', at: 3, answers: ['c'] }),
    ],
    series: ['v1 2: 1=1 2=2'],
  },
  'an answer with a cut-out patch to one of several replaces none of them': {
    mails: () => [
      patch('a', '[PATCH 1/2] x: one', 0),
      patch('b', '[PATCH 2/2] x: two', 1, 'a'),
      message({ id: 's', subject: 'Re: [PATCH 2/2] x: two', at: 9, answers: ['b'], body: `So:\n-- 8< --\n${diff}` }),
    ],
    series: ['v1 2: 1=a 2=b', 'v1 1: 1=s'],
  },
  'the same change for another release is no other version': {
    mails: () => [
      patch('a', '[PATCH AUTOSEL 5.16 40/42] x: one', 0),
      patch('b', '[PATCH AUTOSEL 5.15 34/36] x: one', 10),
      patch('c', '[PATCH 5.15.y] y: one', 20),
      patch('d', '[PATCH 5.15.y v2] y: one', 30),
    ],
    series: ['v1 42 incomplete: 40=a', 'v1 36 incomplete: 34=b', 'v1 1: 1=c', 'v2 1: 1=d < c'],
  },
  'a few patches sent again without a new number replace no large series': {
    mails: () => [
      patch('a', '[PATCH 1/5] x: one', 0),
      ...[2, 3, 4, 5].map((n) => patch(`a${n}`, `[PATCH ${n}/5] x: part ${n}`, n, 'a')),
      patch('b', '[PATCH 1/2] x: part 2', 3000),
      patch('b2', '[PATCH 2/2] x: part 3', 3001, 'b'),
    ],
    series: ['v1 5: 1=a 2=a2 3=a3 4=a4 5=a5', 'v1 2: 1=b 2=b2'],
  },
  'an answer with a diff is a comment, with scissors a patch': {
    mails: () => [
      patch('1', '[PATCH] x: one', 0),
      message({ id: 'q', subject: 'Re: [PATCH] x: one', at: 5, answers: ['1'], body: `Rather:\n${diff}` }),
      message({ id: 's', subject: 'Re: [PATCH] x: one', at: 6, answers: ['1'], body: `Rather:\n-- >8 --\n${diff}` }),
    ],
    series: ['v1 1: 1=1', 'v1 1: 1=s < 1'],
  },
};

test('what a series depends on is named by the mails of the set: an id as it is, a change by its head', async () => {
  const change = 'change-id: 20240101-box-0123456789ab\n';
  const messages = await Promise.all([
    message({ id: 'b1', subject: '[PATCH] x: box', at: 0, body: `${change}${diff}` }),
    message({ id: 'b2', subject: '[PATCH v2] x: box', at: 90, body: `${change}${diff}` }),
    message({
      id: 'n',
      subject: '[PATCH] y: needs',
      at: 99,
      body: `Depends-on: <far@x>\n${diff}\nchange-id: 20240102-needs-0123456789ab\nprerequisite-change-id: 20240101-box-0123456789ab:v1\nprerequisite-change-id: 20240103-lost-0123456789ab:v1\n`,
    }),
  ]);
  expect(assemble(messages).series.map(({ head, dependsOn }) => [head.id, dependsOn])).toEqual([
    ['b1', []],
    ['b2', []],
    ['n', ['far@x', 'b1']],
  ]);
});

describe.each(Object.entries(threads))('%s', (_, { mails, series }) => {
  test('in every order', async () => {
    const messages = await Promise.all(mails());
    expect(shown(assemble(messages))).toEqual(series);
    fc.assert(
      fc.property(fc.shuffledSubarray([...messages, ...messages], { minLength: messages.length * 2 }), (some) => {
        expect(assemble(some)).toEqual(assemble(messages));
      }),
      { numRuns: 30 },
    );
  });
});

test('random threads come out the same in any order', async () => {
  const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const mail = fc.record({
    id: fc.constantFrom(...ids),
    version: fc.constantFrom('', ' v2', ' v3'),
    n: fc.integer({ min: 0, max: 3 }),
    reply: fc.boolean(),
    at: fc.integer({ min: 0, max: 50 }),
    answers: fc.subarray(ids),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(mail, { maxLength: 12 }), fc.infiniteStream(fc.nat()), async (mails, random) => {
      const messages = await Promise.all(
        mails.map(({ id, version, n, reply, at, answers }) => {
          const subject = `${reply ? 'Re: ' : ''}[PATCH${version} ${n}/3] x: ${n}`;
          return message({ id, subject, at, answers, body: n === 0 ? '' : diff });
        }),
      );
      const keyed = messages.map((one) => ({ one, key: random.next().value as number }));
      const shuffled = keyed.sort((a, b) => a.key - b.key).map(({ one }) => one);
      const known = assemble(messages);
      expect(assemble(shuffled)).toEqual(known);
      const placed = known.series.flatMap(({ cover: one, patches, kept }) => [
        ...(one === null ? [] : [one.id]),
        ...patches.filter(({ n }) => !kept.includes(n)).map((part) => part.message.id),
      ]);
      const commented = known.series.flatMap(({ comments }) => comments);
      const all = [...placed, ...commented, ...known.others.map(({ id }) => id)];
      expect(all.toSorted()).toEqual([...new Set(messages.map(({ id }) => id))].sort());
    }),
    { numRuns: 200 },
  );
});

describe('whoever forges a sender, a title or an ancestor cannot make assembly slow', () => {
  const count = 6000;
  const floods: Record<string, (one: Message, at: number) => Message> = {
    'one sender opens series after series': (one, at) => ({ ...one, id: `${at}`, date: one.date + at }),
    'one title in version after version': (one, at) => ({
      ...one,
      id: `${at}`,
      date: one.date + at * 60_000,
      tags: { ...one.tags, n: 1, total: 1, numbered: false, version: at + 1, versioned: true },
    }),
    'one lost ancestor': (one, at) => ({ ...one, id: `${at}`, date: one.date + at, ancestors: ['lost'] }),
    'a chain of answers': (one, at) => ({ ...one, id: `${at}`, kind: 'other', date: at, ancestors: [`${at - 1}`] }),
    'a chain of answers, the last first': (one, at) => ({
      ...one,
      id: `${at}`,
      kind: 'other',
      date: -at,
      ancestors: [`${at - 1}`],
    }),
  };

  test.each(Object.entries(floods))('%s', async (_, flood) => {
    const one = await patch('one', '[PATCH 1/2] x: same', 0);
    const messages = Array.from({ length: count }, (_, at) => flood(one, at));
    const started = process.cpuUsage();
    assemble(messages);
    // Quadratic, those that open series took 13 seconds.
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(6);
  });
});
