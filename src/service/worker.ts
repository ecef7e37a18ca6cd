/**
 * The process in which mail and C are parsed: one task in, one answer out, nothing kept between them that a hostile input could
 * poison. The pool ends it when a task takes too long or too much memory; it ends itself when the service is gone.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { LexCache } from '../c/lex/lex-cache.js';
import { verified } from '../clang/verify.js';
import { keptReference } from '../disk/references/references.js';
import { reviewOnTree } from '../disk/review-on-tree.js';
import { sourceForSeries } from '../disk/series-source.js';
import { type TreeInput, treeInput } from '../disk/tree-input.js';
import { buildFor } from '../disk/trees/builds.js';
import { KabiwatchError } from '../errors.js';
import type { Review } from '../kabi/review.js';
import type { Reference } from '../kernel/reference.js';
import { type AssembledSeries, assemble, seriesOf } from '../mail/assemble.js';
import { isVouched } from '../mail/authentication.js';
import { type Message, readMessage } from '../mail/message.js';
import { patchId } from '../patch/patch-id.js';
import { type KnownSeries, knownSeries, prerequisitesOf } from '../patch/prerequisites.js';
import type { Series } from '../patch/series.js';
import { textReport } from '../report/text.js';
import { overlaySeries } from '../tree/overlay.js';
import { mailFacts } from './mail-facts.js';
import { endWithParent } from './orphan-watch.js';
import type { PullJudgement } from './ports.js';
import { patchIdOf, reviewPull } from './pull-review.js';
import { type JudgeWorld, seriesJudge } from './series-judge.js';
import { shownPatches } from './shown-patches.js';
import type { ReadAnswer, ReviewAnswer, ReviewSettings, SeriesResult, Task } from './tasks.js';

/** The service ended by force. Who of us rests is stopped and cannot know: continued, it comes here, too. */
function end(): void {
  process.kill(0, 'SIGCONT');
  process.exit(0);
}

// It may have ended before we had started.
if (process.connected) process.on('disconnect', end);
else end();
endWithParent();
process.on('message', async (task: Task) => {
  process.send?.({ began: true });
  try {
    process.send?.({ answer: await answer(task) });
  } catch (error) {
    const { message, stack } = error as Error;
    process.send?.({ error: { message, stack } });
  }
});

async function answer(task: Task): Promise<unknown> {
  switch (task.kind) {
    case 'read':
      return read(task);
    case 'review':
      return review(task);
    case 'pull':
      return pull(task);
    case 'patch-ids':
      return task.diffs.map(patchIdOf);
  }
}

async function pull({ source, settings, build, references }: Task & { kind: 'pull' }): Promise<PullJudgement> {
  return reviewPull(source, settings, {
    referenceNamed(name) {
      const path = Object.hasOwn(references, name) ? references[name] : undefined;
      if (path === undefined) throw new KabiwatchError('reference-not-found', { name });
      return keptReference(path);
    },
    treeAt(dir, revision, arch, reference) {
      const own = reference?.meta.build ?? null;
      const folders = (own === null ? null : buildFor([own], arch)) ?? buildFor(build, arch);
      if (folders !== null) {
        const known = reference === null ? {} : { reference };
        const input = treeInput({ tree: `${dir}@${revision}`, build: folders, arch, ...known });
        return (series) => reviewed(series, input, reference);
      }
      if (build.length === 0 && reference === null) return null;
      throw new KabiwatchError('tree-not-found', { path: dir, why: `no build for ${arch} is configured` });
    },
  });
}

async function read(task: Task & { kind: 'read' }): Promise<ReadAnswer> {
  const answers: ReadAnswer[number][] = [];
  for (const raw of task.mails) {
    try {
      answers.push({ ok: true, facts: mailFacts(await readMessage(raw, task.identity.address), task.identity) });
    } catch (error) {
      answers.push({ ok: false, why: (error as Error).message.slice(0, 300) });
    }
  }
  return answers;
}

/** `known`: series at hand, for what a series says must be applied first. */
function worldOf({ arch, source }: ReviewSettings, known: KnownSeries): JudgeWorld | null {
  if (source === null) return null;
  return {
    onTree(series, reference) {
      // Replies are read by strangers: which mirror it was, not where it lies on this machine.
      const found = sourceForSeries({ ...source, arch, reference, name: basename(source.tree) }, series, known);
      if (!found.ok) return found;
      const review = async (): Promise<Review> => {
        const made = await reviewed(found.series, found.input, reference);
        return { ...made, missing: [...made.missing, ...found.missing] };
      };
      return { ok: true, review };
    },
    reference: () => (source.reference === null ? null : keptReference(source.reference)),
  };
}

/** A struct that a hundred others embed would take a minute of clang; its own layout decides theirs. */
const mostAsked = 8;

/** On a tree, and each of its layouts asked of clang before it is told to anybody. */
async function reviewed(series: Series, input: TreeInput, reference: Reference | null): Promise<Review> {
  const review = await reviewOnTree(series, input, reference);
  const { tree: before, build, arch } = input;
  const { after } = overlaySeries(before, series);
  try {
    return await verified(review, {
      before,
      after,
      build,
      target: arch,
      cache: input.reading?.cache ?? new LexCache(),
      most: mostAsked,
    });
  } catch (error) {
    // The package is optional; the engine stands without it.
    if (error instanceof KabiwatchError && error.code === 'clang-missing') return review;
    throw error;
  }
}

async function review(task: Task & { kind: 'review' }): Promise<ReviewAnswer> {
  const known = new Set(task.known);
  const assembly = assemble(await messagesOf(task.mails)).series;
  const elsewhere = assemble(await messagesOf(task.prerequisites)).series;
  const atHand = knownSeries([...assembly, ...elsewhere].map(seriesOf));
  const judge = seriesJudge(task.settings, worldOf(task.settings, atHand));
  const reviews = new Map(task.earlier.map(({ messageId, review: made }) => [messageId, made]));
  const replacements = new Map(
    assembly.flatMap((one) =>
      one.supersedes === null || one.patches.length === 0 ? [] : [[one.supersedes, one.head] as const],
    ),
  );
  const results: SeriesResult[] = [];
  // Oldest first: what a version changes is said against the review of the one before.
  for (const assembled of assembly) {
    const { head, supersedes } = assembled;
    if (assembled.patches.length === 0) continue;
    const series = seriesOf(assembled);
    const patches = digestOf(series, atHand);
    if (known.has(`${head.id} ${patches}`)) continue;
    const started = performance.now();
    const made = await judge(series);
    reviews.set(head.id, made);
    const earlier = supersedes === null ? undefined : reviews.get(supersedes);
    results.push({
      ...factsOf(assembled, replacements.get(head.id), task.settings),
      version: series.version,
      patches,
      patchIds: series.patches.flatMap(({ files }) => patchId(files) ?? []),
      review: made,
      shown: shownPatches(series),
      reply: textReport(made, series, {
        since: earlier === undefined ? null : { version: earlier.series.version, review: earlier },
      }),
      ms: performance.now() - started,
    });
  }
  return results;
}

async function messagesOf(mails: readonly Uint8Array[]): Promise<Message[]> {
  const messages: Message[] = [];
  for (const raw of mails) messages.push(await readMessage(raw));
  return messages;
}

/** Of a series with all that it needs: what it needs may come after it, and then it is another review. */
function digestOf(series: Series, atHand: KnownSeries): string {
  const members = [...series.patches, ...prerequisitesOf(series, atHand).patches];
  return createHash('sha256')
    .update(members.map(({ messageId }) => messageId).join('\n'))
    .digest('hex');
}

/** What the mails say of a series, and of the one that replaces it. */
function factsOf(
  { head, complete, supersedes }: AssembledSeries,
  replacement: Message | undefined,
  { authentication }: ReviewSettings,
) {
  const vouched = (mail: Message | undefined): boolean =>
    mail !== undefined && authentication !== null && isVouched(mail.vouchings, authentication, mail.sender.address);
  return {
    messageId: head.id,
    subject: head.tags.subject,
    complete,
    author: head.sender,
    references: [...head.ancestors.toReversed(), head.id],
    supersedes,
    supersededBy: replacement?.id ?? null,
    vouched: vouched(head),
    replacementVouched: vouched(replacement),
  };
}
