/**
 * The process in which mail and C are parsed: one task in, one answer out, nothing kept between them that a hostile input could
 * poison. The pool ends it when a task takes too long or too much memory; it ends itself when the service is gone.
 */
import { createHash } from 'node:crypto';
import { treeInput } from '../disk/tree-input.js';
import { reviewSeries } from '../kabi/review-series.js';
import { textReport } from '../report/text.js';
import { type ReadMail, readMail, seriesOf } from './mail-reader.js';
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
      return reviewPull(task.source, task.settings, (dir, revision, arch) =>
        task.build.length === 0
          ? null
          : { ...treeInput({ tree: `${dir}@${revision}`, build: task.build, arch }), units: null },
      );
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
