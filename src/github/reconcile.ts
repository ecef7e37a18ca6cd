/**
 * One pull request brought in line with what is to be said about it: look, judge, write what is not there yet. Ends well at any point and
 * may begin again at any other: everything it makes is looked for first, and a judgement is stored before anything is said of it.
 */
import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { Review } from '../kabi/review.js';
import { type CheckText, checkText, clearedText, commentText, type Occasion, outsideText } from '../report/github.js';
import { fixText } from '../report/github-answers.js';
import type { DuePull, ForgeStore, Judge, PullReview } from '../service/ports.js';
import type { Client } from './app.js';
import { beginCheck, dropCheck, finishCheck, type Place } from './check.js';
import type { Mirrors } from './clone.js';
import { type Command, obey, type Pending, pendingCommands } from './commands.js';
import { type Comment, findComment, putComment, readComments } from './comments.js';
import { putLabels } from './labels.js';
import { stillHeld } from './lease.js';
import { named } from './named.js';
import { readPull } from './pull.js';
import {
  configPath,
  matchesPath,
  type ReadConfig,
  type RepositoryConfig,
  repositoryConfig,
} from './repository-config.js';
import { sourceOf } from './source.js';
import { putSuggestions } from './suggestions.js';
import { worthSaying } from './worth-saying.js';

export interface Reconciling {
  readonly appId: number;
  readonly store: ForgeStore;
  readonly judge: Judge;
  readonly mirrors: Mirrors | null;
  readonly log: Logger;
  readonly now: () => Date;
  /** Address of a review's page, or null. */
  readonly pageOf: (review: number) => string | null;
  readonly leaseMs: number;
}

export type Outcome =
  | { readonly kind: 'done'; readonly what: string }
  | { readonly kind: 'later'; readonly why: string; readonly ms: number };

export async function reconcile(work: Reconciling, client: Client, due: DuePull): Promise<Outcome> {
  const pull = await readPull(client, due.repo, due.number);
  if (pull === null) return done('no such pull request');
  const place: Place = { client, pull, appId: work.appId, mine: () => stillHeld(work.store, due, work.leaseMs) };
  if (!pull.open) {
    await dropCheck(place, 'closed before it was judged');
    return done('closed');
  }
  const read = await repositoryConfig(client, pull.repo, pull.base);
  if (!read.ok) {
    await finishCheck(place, configCheck(read), { url: null, fix: false });
    return done('the configuration is wrong');
  }
  const { config } = read;
  if (pull.draft && !config.drafts) return done('a draft');
  if (config.branches.length > 0 && !config.branches.some((pattern) => matchesPath(pattern, pull.baseRef)))
    return done(`not reviewed: branch ${pull.baseRef}`);

  const comments = await readComments(place);
  const pending = await pendingCommands(work.store, comments, work.now());
  const judged = await judgedNow(work, place, due, config, pending);
  if (judged.kind === 'outside') {
    await finishCheck(place, outsideText(config.paths), { url: null, fix: false });
    for (const one of pending) await obey(place, work.store, due, one, comments, null);
    return done('outside of paths');
  }
  if (judged.kind !== 'judged') return judged;
  await say(work, place, due, config, { comments, pending, judged: judged.review });
  return done(judged.review.review.verdict);
}

function done(what: string): Outcome {
  return { kind: 'done', what };
}

/** After so many failures, about a minute, less is judged: a check that was begun must conclude. */
const patience = 5;

type JudgedNow = Outcome | { readonly kind: 'outside' } | { readonly kind: 'judged'; readonly review: PullReview };

async function judgedNow(
  work: Reconciling,
  place: Place,
  due: DuePull,
  config: RepositoryConfig,
  pending: readonly Pending[],
): Promise<JudgedNow> {
  const { pull } = place;
  const settings = { architectures: config.architectures, references: config.references };
  const shared = createHash('sha256')
    .update(JSON.stringify([pull.head, pull.base, settings]))
    .digest('hex');
  const asked = pending.filter(({ commands }) => commands.some(({ kind }: Command) => kind === 'recheck'));
  const again = asked.length > 0 ? ` comment ${asked.at(-1)?.comment.id}` : due.again ? ` mark ${due.marks}` : '';
  const known = await work.store.judged(due, shared + again);
  if (known !== null) {
    work.log.info({ ...named(due), head: pull.head, judgedAs: `r${known.id}` }, 'nothing new to judge');
    return { kind: 'judged', review: known };
  }

  work.log.info({ ...named(due), head: pull.head, failures: due.failures }, 'review begins');
  await beginCheck(place, null);
  const sourced = await sourceOf(place.client, pull, work.mirrors);
  if (sourced.kind === 'moved') {
    await dropCheck(place, 'pushed over before it was judged');
    return { kind: 'later', why: 'the head was pushed over', ms: 5000 };
  }
  const started = performance.now();
  const paths = sourced.source.patches.flatMap(({ diff }) => pathsIn(diff));
  // Of what could not be read nobody can say that it lies elsewhere.
  const wanted =
    config.paths.length === 0 ||
    !sourced.whole ||
    paths.some((path) => config.paths.some((one) => matchesPath(one, path)));
  if (!wanted) return { kind: 'outside' };
  await place.mine();
  const judgement = await work.judge(sourced.source, settings, { last: due.failures >= patience });
  const ms = performance.now() - started;
  await place.mine();
  const kept = await work.store.keep(due, {
    key: shared + again,
    head: pull.head,
    title: pull.title,
    judgement,
    links: sourced.source.links,
    ms,
  });
  const { verdict, evidence } = judgement.review;
  work.log.info({ ...named(due, kept.id), head: pull.head, verdict, evidence, ms: Math.round(ms) }, 'reviewed');
  return { kind: 'judged', review: kept };
}

function pathsIn(diff: string): string[] {
  return [...diff.matchAll(/^(?:\+\+\+ b\/|--- a\/|rename (?:from|to) )(.+)$/gm)].map(([, path = '']) => path);
}

interface Saying {
  readonly comments: readonly Comment[];
  readonly pending: readonly Pending[];
  readonly judged: PullReview;
}

async function say(
  work: Reconciling,
  place: Place,
  due: DuePull,
  config: RepositoryConfig,
  { comments, pending, judged }: Saying,
): Promise<void> {
  const { review, head } = judged;
  const { pull } = place;
  const digest = findingsDigest(review);
  for (const one of pending) await obey(place, work.store, due, one, comments, { review, digest });
  const url = work.pageOf(judged.id);
  const occasion: Occasion = {
    targets: judged.targets,
    policy: config.policy,
    accepted: await work.store.accepted(due, digest),
    url,
    head,
    previous: await work.store.previous(due, head),
    elsewhere: (await work.store.elsewhere(due)).map((met) => ({
      text:
        met.pull === null ? `${met.subject} on ${met.list}: ${met.verdict}` : `${met.list}#${met.pull}: ${met.verdict}`,
      url: work.pageOf(met.review),
    })),
  };
  const check = checkText(review, occasion);
  const about = named(due, judged.id);
  if (await finishCheck(place, check, { url, fix: review.fixes.length > 0 }))
    work.log.info({ ...about, head, conclusion: check.conclusion }, 'check written');
  // A head that was pushed over meanwhile has its check; the comment speaks of the newest head only.
  const newest = await readPull(place.client, pull.repo, pull.number);
  if (newest?.head !== head) return;
  const worth = worthSaying(review, config);
  const text = worth ? commentText(review, occasion) : clearedText(occasion);
  const said = worth || findComment(comments, 'review') !== null;
  if (said && (await putComment(place, comments, 'review', text))) work.log.info(about, 'comment written');
  const suggested = due.fix || config.comment !== 'never' ? await putSuggestions(place, review) : [];
  if (due.fix) await putComment(place, comments, `fix ${head}`, fixText(review, suggested));
  await putLabels(place, config.labels, review.verdict);
}

/** Equal as long as the same things are found: an acceptance outlives a push that changes nothing of it. */
function findingsDigest(review: Review): string {
  const facts = [
    review.verdict,
    review.types.map(({ kind, name, before, after, members }) => [kind, name, before, after, members]),
    review.symbols.changed.map(({ name, before, after }) => [name, before, after]),
    review.findings.map(({ rule, type, symbol, severity }) => [rule, type, symbol, severity]).sort(),
  ];
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex');
}

function configCheck(read: Extract<ReadConfig, { ok: false }>): CheckText {
  const lines = read.errors.map(({ line, text }) => `- line ${line}: ${text.replace(/[^\w\s.,:;()'"/-]/g, '?')}`);
  return {
    conclusion: 'failure',
    title: `${configPath} of ${read.where} is wrong`,
    summary: `Nothing was reviewed. In \`${configPath}\` of \`${read.where}\`:\n\n${lines.slice(0, 100).join('\n')}`,
    text: '',
    annotations: read.own
      ? read.errors.slice(0, 50).map(({ line, text }) => ({
          path: configPath,
          start_line: line,
          end_line: line,
          annotation_level: 'failure' as const,
          title: 'kabiwatch configuration',
          message: text.slice(0, 1000),
        }))
      : [],
  };
}
