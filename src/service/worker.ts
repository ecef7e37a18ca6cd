/**
 * The process in which mail and C are parsed: one task in, one answer out, nothing kept between them that a hostile input could
 * poison. The pool ends it when a task takes too long or too much memory; it ends itself when the service is gone.
 */
import { createHash } from 'node:crypto';
import { buildFor } from '../disk/builds.js';
import { openReference } from '../disk/reference-file.js';
import { treeInput } from '../disk/tree-input.js';
import { KabiwatchError } from '../errors.js';
import { reviewSeries } from '../kabi/review-series.js';
import type { Reference } from '../kernel/reference.js';
import { assemble, seriesOf } from '../mail/assemble.js';
import { type Message, readMessage } from '../mail/message.js';
import { patchId } from '../patch/patch-id.js';
import { textReport } from '../report/text.js';
import { mailFacts } from './mail-facts.js';
import type { PullJudgement } from './ports.js';
import { reviewPull } from './pull-review.js';
import type { ReadAnswer, ReviewAnswer, SeriesResult, Task } from './tasks.js';

process.on('disconnect', () => process.exit(0));
process.on('message', async (task: Task) => {
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
  }
}

function pull({ source, settings, build, references }: Task & { kind: 'pull' }): PullJudgement {
  const opened = new Map<string, Reference & { close(): void }>();
  try {
    return reviewPull(source, settings, {
      referenceNamed(name) {
        const path = Object.hasOwn(references, name) ? references[name] : undefined;
        if (path === undefined) throw new KabiwatchError('reference-not-found', { name });
        const reference = opened.get(name) ?? openReference(path);
        opened.set(name, reference);
        return reference;
      },
      treeAt(dir, revision, arch, reference) {
        const own = reference?.meta.build ?? null;
        const folders = (own === null ? null : buildFor([own], arch)) ?? buildFor(build, arch);
        if (folders !== null)
          return { ...treeInput({ tree: `${dir}@${revision}`, build: folders, arch }), units: null };
        if (build.length === 0 && reference === null) return null;
        throw new KabiwatchError('tree-not-found', { path: dir, why: `no build for ${arch} is configured` });
      },
    });
  } finally {
    for (const reference of opened.values()) reference.close();
  }
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

async function review(task: Task & { kind: 'review' }): Promise<ReviewAnswer> {
  const known = new Set(task.known);
  const mails: Message[] = [];
  for (const raw of task.mails) mails.push(await readMessage(raw));
  const results: SeriesResult[] = [];
  for (const assembled of assemble(mails).series) {
    const { head, complete } = assembled;
    const ids = assembled.patches.map(({ message }) => message.id);
    const patches = createHash('sha256').update(ids.join('\n')).digest('hex');
    if (ids.length === 0 || known.has(`${head.id} ${patches}`)) continue;
    const started = performance.now();
    const series = seriesOf(assembled);
    const made = reviewSeries({ series, arch: task.settings.arch });
    results.push({
      messageId: head.id,
      subject: head.tags.subject,
      version: series.version,
      complete,
      patches,
      patchIds: series.patches.flatMap(({ files }) => patchId(files) ?? []),
      author: head.sender,
      references: [...head.ancestors.toReversed(), head.id],
      review: made,
      reply: textReport(made, series),
      ms: performance.now() - started,
    });
  }
  return results;
}
