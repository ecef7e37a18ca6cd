/**
 * Commands by mail to the bot: a line of its own, written by a person (quoted lines do not count).
 *
 *   unsubscribe, subscribe               the sender's own series are not answered any more, or again
 *   unsubscribe LIST, subscribe LIST     nothing on this list is answered any more, or again; from those who own it
 *   mute this thread                     nothing more in this thread
 *   approve r12 CODE, withdraw r12 CODE  a held reply; the code stands in the mail that told the owner
 *   kabi: recheck                        the series of this thread is judged again, and the asker answered
 *   kabi: explain struct NAME            what the review knows of one type, to the asker
 *
 * The last two make the bot speak: they need their `kabi:`, and a sender who has written in the thread before; three answers a thread and five a
 * person each day, and none where replies are muted or opted out of. The others are obeyed when the mail answers a mail of ours or goes to our address. From lines can be forged, so a command without a code may
 * reach no more than silence, and where the mailbox's server checks senders it must vouch for this one.
 */
import { explainType } from '../report/explain.js';
import type { Config, ListConfig } from './config.js';
import type { Store } from './database.js';
import type { Log } from './log.js';
import { isAddress } from './policy.js';
import type { Clock } from './ports.js';
import { type Bot, composeAnswer } from './reply.js';
import { decideHeld, planDelivery } from './store/deliveries.js';
import { answeredSince, askAgain, isOnThread, subjectOf } from './store/requests.js';
import { historyOf, optIn, optOut } from './store/reviews.js';
import { muteThread } from './store/threads.js';
import type { MailFacts } from './tasks.js';

export type Command =
  | { readonly kind: 'unsubscribe' | 'subscribe' | 'mute' }
  /** By name or address. */
  | { readonly kind: 'unsubscribe list' | 'subscribe list'; readonly list: string }
  | { readonly kind: 'recheck' }
  | { readonly kind: 'explain'; readonly type: string }
  | { readonly kind: 'approve' | 'withdraw'; readonly review: number; readonly code: string };

export function readCommands(lines: readonly string[]): Command[] {
  return lines.flatMap((line): Command[] => {
    const text = line.trim().replace(/^kabi:\s*/i, '');
    const word = text.toLowerCase();
    if (word === 'unsubscribe' || word === 'subscribe') return [{ kind: word }];
    const [, way, named] = /^(unsubscribe|subscribe)\s+([\w.@+-]{1,200})$/.exec(word) ?? [];
    if (way !== undefined && named !== undefined)
      return [{ kind: way === 'subscribe' ? 'subscribe list' : 'unsubscribe list', list: named }];
    if (word === 'mute' || word === 'mute this thread') return [{ kind: 'mute' }];
    if (/^\s*kabi:/i.test(line)) {
      if (word === 'recheck') return [{ kind: 'recheck' }];
      const [, type] = /^explain\s+((?:(?:struct|union|enum|typedef)\s+)?[A-Za-z_]\w{0,100})$/i.exec(text) ?? [];
      if (type !== undefined) return [{ kind: 'explain', type: type.replace(/\s+/g, ' ') }];
    }
    const [, kind, review, code] = /^(approve|withdraw) r(\d{1,15}) ([\w-]{8,40})$/i.exec(text) ?? [];
    if (kind === undefined || review === undefined || code === undefined) return [];
    return [{ kind: kind.toLowerCase() === 'approve' ? 'approve' : 'withdraw', review: Number(review), code }];
  });
}

export interface Obeying {
  readonly store: Store;
  readonly log: Log;
  readonly clock: Clock;
  readonly config: Config;
  readonly engine: string;
  readonly bot: Bot;
  /** An answer was planned. */
  readonly planned: () => void;
}

const mostCommands = 3;

export async function obeyMail(obeying: Obeying, list: ListConfig, mail: MailFacts): Promise<void> {
  const { store, log, clock } = obeying;
  if (mail.automatic !== null || mail.series) return;
  const commands = readCommands(mail.said).slice(0, mostCommands);
  if (commands.length === 0) return;
  const addressed = mail.toBot || (await answersOurs(store, mail));
  for (const command of commands) {
    const question = command.kind === 'recheck' || command.kind === 'explain';
    if (!question && !addressed) continue;
    const about = { command: command.kind, from: mail.sender, list: list.name, messageId: mail.messageId };
    if (mail.vouched === false && !('code' in command)) {
      log.warn(about, 'not obeyed: nobody vouches for the sender');
      continue;
    }
    switch (command.kind) {
      case 'unsubscribe':
        await optOut(store, 'author', mail.sender);
        break;
      case 'subscribe':
        await optIn(store, 'author', mail.sender);
        break;
      case 'unsubscribe list':
      case 'subscribe list': {
        const meant = listNamed(obeying.config, command.list);
        if (meant === null || !ownsList(obeying.config, meant, mail.sender)) {
          log.warn({ ...about, meant: command.list }, 'not obeyed: the sender does not own a list of this name');
          continue;
        }
        await (command.kind === 'subscribe list' ? optIn : optOut)(store, 'list', meant.name);
        log.info({ ...about, meant: meant.name }, 'command obeyed');
        continue;
      }
      case 'mute':
        await muteThread(store, mail.messageId);
        break;
      case 'recheck':
      case 'explain': {
        const answered = await answer(obeying, list, { ...mail, addressed }, command);
        if ('refused' in answered) log.warn({ ...about, why: answered.refused }, 'not obeyed');
        else log.info({ ...answered, ...about }, 'command obeyed');
        continue;
      }
      case 'approve':
      case 'withdraw': {
        const to = command.kind === 'approve' ? 'planned' : 'withdrawn';
        const review = `r${command.review}`;
        if (await decideHeld(store, { review: command.review, code: command.code, to }, clock.now()))
          log.info({ review, ...about }, 'command obeyed');
        else log.warn({ review, ...about }, 'not obeyed: nothing is held under this code');
        continue;
      }
      default:
        command satisfies never;
    }
    log.info(about, 'command obeyed');
  }
}

function listNamed({ lists }: Config, text: string): ListConfig | null {
  return lists.find(({ name, address }) => [name, address].some((one) => one.toLowerCase() === text)) ?? null;
}

/** The bot's owner, who is configured as the list's, and the addresses by which list servers reach the owners of a list. */
function ownsList({ bot }: Config, { address, owners }: ListConfig, sender: string): boolean {
  const [local = '', domain = ''] = address.split('@');
  const usual = [`${local}-owner`, `owner-${local}`, `${local}+owner`].map((one) => `${one}@${domain}`);
  return [...(bot.owner === undefined ? [] : [bot.owner]), ...owners, ...usual].some(
    (one) => one.toLowerCase() === sender,
  );
}

const dayMs = 86_400_000;
const [mostInThread, mostToPerson] = [3, 5];

/** Under which review it was done, or why not. */
async function answer(
  { store, clock, config, engine, bot, planned }: Obeying,
  list: ListConfig,
  mail: MailFacts & { readonly addressed: boolean },
  command: Command & { kind: 'recheck' | 'explain' },
): Promise<{ readonly review: string; readonly thread: number } | { readonly refused: string }> {
  if (list.mode === 'off') return { refused: 'the list is off' };
  const subject = await subjectOf(store, mail.messageId);
  if (subject === null) return { refused: 'nothing was reviewed in this thread' };
  if (subject.muted) return { refused: 'the thread is muted' };
  if (!isAddress(mail.sender) || !(await isOnThread(store, subject.thread, mail.sender, mail.messageId)))
    return { refused: 'the sender has not written in this thread' };
  const now = clock.now();
  const { addressed } = mail;
  const about = { thread: subject.thread, asker: mail.sender };
  const answered = await answeredSince(store, about, new Date(now.getTime() - dayMs));
  if (answered.thread >= mostInThread || answered.asker >= mostToPerson)
    return { refused: 'enough was answered today' };
  const { optedOut, answeredByOther } = await historyOf(
    store,
    { thread: subject.thread, author: mail.sender, list: list.name },
    now,
  );
  if (optedOut) return { refused: 'the sender or the list opted out' };
  // One of several kabiwatches on the list answers: whose reply is there, or who is asked by name.
  if (answeredByOther && !addressed) return { refused: 'another kabiwatch answers in this thread' };
  if (command.kind === 'recheck') {
    const request = { id: mail.messageId, series: subject.messageId, list: list.name, asker: mail.sender };
    const coming = await store.transaction((tx) => askAgain(tx, subject.thread, request, now));
    return coming === null ? { refused: 'asked before' } : { review: `r${coming}`, thread: subject.thread };
  }
  const asked = {
    id: mail.messageId,
    about: `explain ${command.type}`,
    ancestors: mail.ancestors,
    subject: mail.subject,
  };
  const cc = list.mode === 'author' ? [] : [list.address].filter((address) => address !== mail.sender);
  const said = { to: mail.sender, cc, text: explainType(subject.body, command.type) };
  const held = list.moderation ? 'waits for approval' : null;
  const { series, review } = subject;
  const outgoing = composeAnswer(asked, { id: review, verdict: subject.body.verdict }, engine, bot, said);
  const outlet = list.mode === 'dry-run' || config.smtp === undefined ? 'dry-run' : 'mail';
  const answers = `${mail.messageId} ${asked.about}`;
  await planDelivery(store, { series, review, outlet, list: list.name, mail: outgoing, held, answers }, now);
  planned();
  return { review: `r${review}`, thread: subject.thread };
}

async function answersOurs(store: Store, mail: MailFacts): Promise<boolean> {
  const rows = await store.query('select 1 from kabiwatch.delivery where message_id = any($1::text[])', [
    mail.ancestors.slice(0, 1),
  ]);
  return rows.length > 0;
}
