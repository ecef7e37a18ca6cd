/** The compiled App as a process of its own, for tests that end it with SIGKILL: catches up, works until nothing is due, ends. */
import pino from 'pino';
import { startForge } from '../../dist/github/forge.js';
import { systemClock } from '../../dist/service/clock.js';
import { migrate } from '../../dist/service/migrate.js';
import { openFolder } from '../../dist/service/pglite.js';
import { patchIdOf, reviewPull } from '../../dist/service/pull-review.js';
import { pullStore } from '../../dist/service/store/pulls.js';

const { folder, push, ...account } = JSON.parse(process.env.KABI_APP);
const store = await openFolder(`${folder}/store`);
await migrate(store);
for (const table of ['pull', 'branch'])
  await store.query(`update kabiwatch.${table} set holder = null, held_until = null`);
const pulls = pullStore(store, systemClock, 'kabiwatch test');
const forge = await startForge({
  account,
  store: pulls,
  patchIds: async (diffs) => diffs.map(patchIdOf),
  judge: async (source, settings) => reviewPull(source, settings),
  mirrors: `${folder}/mirrors`,
  clock: systemClock,
  log: pino({ level: 'warn' }, pino.destination(2)),
  state: () => {},
  pageOf: () => null,
});
if (push !== null) await pulls.receive({ id: `${push.from}`, event: 'push' }, [], push);
await forge.catchUp();
while (await forge.workOnce());
await store.close();
