/** Files on the command line -> the series in them, for every command that takes a thread. */
import { mailLimit, readMailInput } from '../disk/archives/mail-source.js';
import { type Assembly, assemble, seriesOf } from '../mail/assemble.js';
import type { Message } from '../mail/message.js';
import { parseDiffs } from '../patch/parse.js';
import type { Series } from '../patch/series.js';

export interface Given {
  readonly messages: readonly Message[];
  /** Diffs that no mail surrounds. */
  readonly diffs: readonly Series[];
}

export async function readGiven(paths: readonly string[]): Promise<Given> {
  const messages: Message[] = [];
  const diffs: Series[] = [];
  for (const path of paths) {
    for await (const input of readMailInput(path)) {
      if (input.kind === 'mail') messages.push(await messageOf(input.raw));
      else {
        const series = seriesOfDiff(input.name, input.text);
        if (series.patches.some(({ files, damage }) => files.length + damage.length > 0)) diffs.push(series);
      }
    }
  }
  return { messages, diffs };
}

/** What reads mail takes a fifth of a second to load, and a diff needs none of it. */
async function messageOf(raw: Uint8Array): Promise<Message> {
  const { readMessage } = await import('../mail/message.js');
  return readMessage(raw);
}

/** What can be reviewed: a series without a patch is none yet. */
export function seriesIn({ diffs }: Given, assembly: Assembly): Series[] {
  return [...diffs, ...assembly.series.filter(({ patches }) => patches.length > 0).map(seriesOf)];
}

export async function seriesInFiles(paths: readonly string[]): Promise<Series[]> {
  const given = await readGiven(paths);
  return seriesIn(given, assemble(given.messages));
}

function seriesOfDiff(name: string, text: string): Series {
  const subject = /^Subject: *(.*)$/m.exec(text.slice(0, 5000))?.[1] ?? name;
  const patch = { n: 1, total: 1, messageId: null, subject, author: null, ...parseDiffs(text.slice(0, mailLimit)) };
  return { subject, version: 1, rfc: false, messageId: null, base: null, patches: [patch] };
}
