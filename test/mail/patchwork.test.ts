/** Series assembly against what Patchwork's own tests say of the same mailboxes. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { assemble } from '../../src/mail/assemble.js';
import { splitMbox } from '../../src/mail/mbox.js';
import { type Message, readMessage } from '../../src/mail/message.js';

const folder = join('..', 'shared', 'threads', 'patchwork');

interface Expected {
  readonly patches: number;
  readonly cover: boolean;
  readonly complete?: boolean;
}

const isHere = existsSync(folder);
const expected = isHere
  ? (JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Record<string, Expected[]>)
  : {};
const boxes = isHere ? readdirSync(folder).filter((name) => name.endsWith('.mbox')) : [];

test('every mailbox of Patchwork has an expectation', () => {
  if (!isHere) return console.log(`skipped: no Patchwork mailboxes in ${folder}`);
  expect(boxes.sort()).toEqual(Object.keys(expected).sort());
});

for (const name of boxes) {
  test(name, async () => {
    const messages: Message[] = [];
    for (const raw of splitMbox(readFileSync(join(folder, name)))) messages.push(await readMessage(raw));
    const { series } = assemble(messages);
    expect(
      series.map(({ patches, cover, complete }) => ({ patches: patches.length, cover: cover !== null, complete })),
    ).toEqual(expected[name]?.map(({ patches, cover, complete = wholeIn(name) }) => ({ patches, cover, complete })));
  });
}

/** Not said of a mailbox: its series are whole, but for the one whose second patch has no number. */
function wholeIn(name: string): unknown {
  return name === 'bugs-unnumbered.mbox' ? expect.any(Boolean) : true;
}
