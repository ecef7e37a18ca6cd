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
import { textReport } from '../report/text.js';
import { type ReadMail, readMail, seriesOf } from './mail-reader.js';
import type { PullJudgement } from './ports.js';
import { reviewPull } from './pull-review.js';
import type { ReadAnswer, ReviewAnswer, Task } from './tasks.js';

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
      answers.push({ ok: true, facts: (await readMail(raw, task.identity)).facts });
    } catch (error) {
      answers.push({ ok: false, why: (error as Error).message.slice(0, 300) });
    }
  }
  return answers;
}

async function review(task: Task & { kind: 'review' }): Promise<ReviewAnswer> {
  const known = new Set(task.known);
  const mails: ReadMail[] = [];
  for (const raw of task.mails) mails.push(await readMail(raw, { address: '' }));
  return seriesOf(mails).flatMap(({ series, head, complete, ids }) => {
    const patches = createHash('sha256').update(ids.join('\n')).digest('hex');
    if (known.has(`${head.facts.messageId} ${patches}`)) return [];
    const started = performance.now();
    const made = reviewSeries({ series, arch: task.settings.arch });
    return [
      {
        messageId: head.facts.messageId,
        subject: head.facts.subject,
        version: series.version,
        complete,
        patches,
        author: head.author,
        references: [...head.references.filter((id) => id !== head.facts.messageId), head.facts.messageId],
        review: made,
        reply: textReport(made, series),
        ms: performance.now() - started,
      },
    ];
  });
}
