/**
 * The ways in which people and tools post series: a table of what Patchwork's tests are about, in mails of our own. A line a mail; its indent
 * says what it answers, as does `^1`, the number of a mail; `+9h` says how much later than the one above it was sent, else it is a minute.
 */
import { describe, expect, test } from '@jest/globals';
import { assemble } from '../../src/mail/assemble.js';
import type { Message } from '../../src/mail/message.js';
import { diff, message } from './mails.js';

interface Posting {
  readonly mails: string;
  /** Version, patches here of the total, `cover`, and `<` with the number of the series (from 0) that it replaces. */
  readonly series: readonly string[];
  /** How many mails are no part of a series. */
  readonly comments?: number;
  readonly references?: 'none';
}

const postings: Record<string, Posting> = {
  'a single patch': { mails: '[PATCH] x: one', series: ['v1 1/1'] },
  'a cover letter and two patches': {
    mails: `
[PATCH 0/2] x: all
  [PATCH 1/2] x: one
  [PATCH 2/2] x: two`,
    series: ['v1 2/2 cover'],
  },
  'no cover letter': { mails: '[PATCH 1/2] x: one\n  [PATCH 2/2] x: two', series: ['v1 2/2'] },
  'deep threading': {
    mails: `
[PATCH 0/3] x: all
  [PATCH 1/3] x: one
    [PATCH 2/3] x: two
      [PATCH 3/3] x: three`,
    series: ['v1 3/3 cover'],
  },
  'a patch that never came': { mails: '[PATCH 0/2] x: all\n  [PATCH 2/2] x: two', series: ['v1 1/2 cover'] },
  'a cover letter that never came': {
    mails: '[PATCH 1/3] x: one\n[PATCH 2/3] x: two\n[PATCH 3/3] x: three',
    series: ['v1 3/3'],
    references: 'none',
  },
  'a patch more than the total, as n and as a number': {
    mails: `
[PATCH 0/2] x: all
  [PATCH 1/2] x: one
  [PATCH 2/2] x: two
  [PATCH 3/n] x: three
  [PATCH 4/2] x: four`,
    series: ['v1 4/2 cover'],
  },
  'no References, with and without a cover letter': {
    mails: `
[PATCH 0/2] x: all
[PATCH 1/2] x: one
[Patch 2/2]: x: two
[net,v2,1/2] y: one  +5h
[net,v2,2/2] y: two`,
    series: ['v1 2/2 cover', 'v2 2/2'],
    references: 'none',
  },
  'a cover letter with a version and patches without': {
    mails: `
[PATCH net-next v3 0/2] x: all (v3)
  [PATCH 1/2] x: one
  [PATCH 2/2] x: two`,
    series: ['v3 2/2 cover'],
  },
  'a tag whose bracket was lost, a tag without a blank': {
    mails: `
[PATCH V2 0/3] x: all
  [PATCH V2 1/3] x: one
  PATCH V2 2/3] x: two
  [V2PATCH3/3] x: three`,
    series: ['v2 3/3 cover'],
  },
  'a new version in a thread of its own': {
    mails: `
[PATCH 0/2] x: all
  [PATCH 1/2] x: one
  [PATCH 2/2] x: two
[PATCH v2 0/2] x: all  +9h
  [PATCH v2 1/2] x: one
  [PATCH v2 2/2] x: two`,
    series: ['v1 2/2 cover', 'v2 2/2 cover < 0'],
  },
  'a new version in answer to the cover letter': {
    mails: `
[PATCH 0/2] x: all
  [PATCH 1/2] x: one
  [PATCH 2/2] x: two
  [PATCH v2 0/2] x: all
    [PATCH v2 1/2] x: one
    [PATCH v2 2/2] x: two`,
    series: ['v1 2/2 cover', 'v2 2/2 cover < 0'],
  },
  'a new version in answer to a patch, with cover letters and without': {
    mails: `
[PATCH 0/2] x: all
  [PATCH 1/2] x: one
  [PATCH 2/2] x: two
    [PATCH v2 0/2] x: all
      [PATCH v2 1/2] x: one
      [PATCH v2 2/2] x: two
[PATCH 1/2] y: one
  [PATCH 2/2] y: two
    [PATCH v2 1/2] y: one
      [PATCH v2 2/2] y: two`,
    series: ['v1 2/2 cover', 'v2 2/2 cover < 0', 'v1 2/2', 'v2 2/2 < 2'],
  },
  'a new version without a cover letter, in a thread of its own': {
    mails: `
[PATCH 0/2] x: all
  [PATCH 1/2] x: one
  [PATCH 2/2] x: two
[PATCH v2 1/2] x: one  +9h
  [PATCH v2 2/2] x: two`,
    series: ['v1 2/2 cover', 'v2 2/2 < 0'],
  },
  'a new version in which a name was spelt right, and a patch became another': {
    mails: `
[PATCH 0/3] x: handle the kboject of a box
  [PATCH 1/3] x: count boxes
  [PATCH 2/3] x: move the count to its header
  [PATCH 3/3] x: y: make the kboject of a box
[PATCH v2 0/3] x: handle the kobject of a box  +9h
  [PATCH v2 1/3] x: count boxes
  [PATCH v2 2/3] x: make it global
  [PATCH v2 3/3] x: y: make the kobject of a box`,
    series: ['v1 3/3 cover', 'v2 3/3 cover < 0'],
  },
  'series that have one patch in common': {
    mails: `
[PATCH 0/3] x: handle boxes
  [PATCH 1/3] x: count boxes
  [PATCH 2/3] x: move the count
  [PATCH 3/3] x: free boxes
[PATCH v2 0/3] z: read less  +9h
  [PATCH v2 1/3] x: count boxes
  [PATCH v2 2/3] z: read a line
  [PATCH v2 3/3] z: read no more`,
    series: ['v1 3/3 cover', 'v2 3/3 cover'],
  },
  'a single patch again, in answer to itself': {
    mails: '[PATCH] x: one\n  [PATCH v2] x: one\n    [PATCH v3] x: one',
    series: ['v1 1/1', 'v2 1/1 < 0', 'v3 1/1 < 1'],
  },
  'sent again without a new number': {
    mails: `
[PATCH 0/2] x: all
  [PATCH 1/2] x: one
  [PATCH 2/2] x: two
[PATCH 0/2] x: all  +9h
  [PATCH 1/2] x: one
  [PATCH 2/2] x: two`,
    series: ['v1 2/2 cover', 'v1 2/2 cover < 0'],
  },
  'sent again without a new number, without References, an hour later': {
    mails: '[PATCH 1/2] x: one\n[PATCH 2/2] x: two\n[PATCH 1/2] x: one  +1h\n[PATCH 2/2] x: two',
    series: ['v1 2/2', 'v1 2/2 < 0'],
    references: 'none',
  },
  'sent again without a new number, in answer to its first patch': {
    mails: `
[PATCH 1/2] x: one
  [PATCH 2/2] x: two
  [PATCH 1/2] x: one  +1h
    [PATCH 2/2] x: two`,
    series: ['v1 2/2', 'v1 2/2 < 0'],
  },
  'one patch three times in quick succession': {
    mails: '[PATCH v2 1/4] x: one\n[PATCH v2 1/4] x: one\n[PATCH v2 1/4] x: one',
    series: ['v2 1/4', 'v2 1/4 < 0', 'v2 1/4 < 1'],
    references: 'none',
  },
  'a patch of a new version when the older one is not whole': {
    mails: '[PATCH 1/2] x: one\n  [PATCH v2 2/2] x: two',
    series: ['v1 1/2', 'v2 1/2 < 0'],
  },
  'a diff without a number in the thread of a series': {
    mails: '[PATCH 0/2] x: all\n  [PATCH 1/2] x: one\n  That is what I mean  +',
    series: ['v1 1/2 cover', 'v1 1/1'],
  },
  'the way of mercurial': {
    mails: `
[PATCH 0 of 2] x: all
  [PATCH 1 of 2] x: one
  [PATCH 2 of 2] x: two
[PATCH 1 of 2 y-list] y: one  +3h
  [PATCH 2 of 2 y-list] y: two
[PATCH 1 of 2 V2] y: one  +9h
  [PATCH 2 of 2 V2] y: two`,
    series: ['v1 2/2 cover', 'v1 2/2', 'v2 2/2 < 1'],
  },
  'an RFC, the series, and the series again as RESEND': {
    mails: `
[RFC PATCH 0/2] x: all
  [RFC PATCH 1/2] x: one
  [RFC PATCH 2/2] x: two
[PATCH 0/2] x: all  +9h
  [PATCH 1/2] x: one
  [PATCH 2/2] x: two
[PATCH RESEND 0/2] x: all  +30h
  [PATCH RESEND 1/2] x: one
  [PATCH RESEND 2/2] x: two`,
    series: ['v1 2/2 cover', 'v1 2/2 cover < 0', 'v1 2/2 cover < 1'],
  },
  'two series of one sender whose patches came among each other': {
    mails: `
[PATCH 0/2] x: all
[PATCH 0/2] y: all
  [PATCH 1/2] y: one  ^1
  [PATCH 1/2] x: one  ^0
  [PATCH 2/2] x: two  ^0
  [PATCH 2/2] y: two  ^1`,
    series: ['v1 2/2 cover', 'v1 2/2 cover'],
  },
  'two series of one sender at one time, of different totals, without References': {
    mails: '[PATCH 1/2] x: one\n[PATCH 1/3] y: one\n[PATCH 2/3] y: two\n[PATCH 2/2] x: two\n[PATCH 3/3] y: three',
    series: ['v1 2/2', 'v1 3/3'],
    references: 'none',
  },
  'answers, answers to answers, and an automatic note': {
    mails: `
[PATCH 0/1] x: all
  [PATCH 1/1] x: one
    Re: [PATCH 1/1] x: one
      RE: [PATCH 1/1] x: one
  Re: [PATCH 0/1] x: all
  Applied "x: one" to the x tree`,
    series: ['v1 1/1 cover'],
    comments: 4,
  },
  'requests to pull': { mails: '[GIT PULL] x updates for 6.9\n[git pull] y', series: [], comments: 2 },
};

/** A mail carries a diff where its subject is a patch's or it is marked `+`. */
async function mailsOf({ mails, references }: Posting): Promise<Message[]> {
  const made: Message[] = [];
  const ids: string[] = [];
  const open: string[] = [];
  let at = 0;
  for (const [index, line] of mails.trim().split('\n').entries()) {
    const [, indent = '', subject = '', hours = '', carries, above] =
      /^( *)(.*?)(?: {2}(?:\+(\d*)h?()|\^(\d+)))?$/.exec(line) ?? [];
    const depth = above === undefined ? indent.length / 2 : 1;
    open.length = depth;
    const chain = above === undefined ? open.slice(0, depth) : [ids[Number(above)] as string];
    at += 1 + Number(hours) * 60;
    const id = `${index}@x`;
    open.push(id);
    ids.push(id);
    const isPatch = /^\[?(?:[^\]]*patch|net,).*\]/i.test(subject) && !/\b0(?:\/| of )/.test(subject);
    const answers = references === 'none' ? [] : chain;
    made.push(
      await message({ id, subject, at, answers, body: isPatch || (carries === '' && hours === '') ? diff : 'Text.' }),
    );
  }
  return made;
}

describe.each(Object.entries(postings))('%s', (_, posting) => {
  test('comes out as it was meant, in the order of sending and in others', async () => {
    const mails = await mailsOf(posting);
    const odd = (index: number): boolean => index % 2 === 1;
    const mixed = [...mails.filter((_mail, index) => odd(index)), ...mails.filter((_mail, index) => !odd(index))];
    const orders = [mails, mails.toReversed(), mixed];
    for (const order of orders) {
      const { series, pulls, others } = assemble(order);
      const heads = series.map(({ head }) => head.id);
      const shown = series.map(({ version, patches, total, cover, supersedes }) =>
        [
          `v${version} ${patches.length}/${total}`,
          ...(cover === null ? [] : ['cover']),
          ...(supersedes === null ? [] : [`< ${heads.indexOf(supersedes)}`]),
        ].join(' '),
      );
      expect(shown).toEqual(posting.series);
      const comments = series.reduce((sum, one) => sum + one.comments.length, 0);
      expect(comments + pulls.length + others.length).toBe(posting.comments ?? 0);
    }
  });
});
