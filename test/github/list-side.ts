/** The same change on a list: the commit of a pull request as a mail, read and stored as the list's side of the service does. */

import type { Store } from '../../src/service/database.js';
import type { Pool } from '../../src/service/pool.js';
import { noteMarks, wakeMet } from '../../src/service/store/meetings.js';
import { storeReview, storeSeries } from '../../src/service/store/reviews.js';
import type { SeriesResult } from '../../src/service/tasks.js';
import type { Emulator } from './emulator.js';
import { repo } from './identity.js';
import type { Scene } from './scene.js';

/** The pull request's commit as git would mail it, read as any mail of a list. */
export async function mailed(github: Emulator, pool: Pool, { pull }: Scene, messageId: string): Promise<SeriesResult> {
  const patch = await github.git(repo, 'format-patch', '-1', '--stdout', pull.headSha);
  const text = patch.replace(/^From [^\n]*\n/, `Message-ID: <${messageId}>\n`);
  const mails = [Buffer.from(text)];
  const [series] = await pool.run({
    kind: 'review',
    mails,
    settings: { arch: 'x86_64', engine: 'e', source: null, authentication: null, missing: [] },
    known: [],
    prerequisites: [],
    earlier: [],
  });
  if (series === undefined) throw new Error('no series in the mail');
  return series;
}

/** As the list's side stores it, in the thread of the series given or in a new one; returns the series. */
export async function onList(store: Store, result: SeriesResult, inThreadOf?: number): Promise<number> {
  const [thread] =
    inThreadOf === undefined
      ? await store.query<{ id: number }>('insert into kabiwatch.thread default values returning id')
      : await store.query<{ id: number }>('select thread as id from kabiwatch.series where id = $1', [inThreadOf]);
  await store.query('insert into kabiwatch.thread_member (message_id, thread) values ($1, $2) on conflict do nothing', [
    result.messageId,
    thread?.id,
  ]);
  const { messageId, subject, version, review, patches, reply, ms } = result;
  return store.transaction(async (tx) => {
    const series = await storeSeries(tx, { messageId, thread: thread?.id ?? 0, list: 'mm', subject, version });
    await storeReview(tx, { series, engine: 'e', patches, review, reply, ms });
    await noteMarks(tx, series, { patchIds: result.patchIds, links: [] });
    await wakeMet(tx, series, new Date());
    return series;
  });
}
