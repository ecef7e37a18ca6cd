import { openFolder } from '../../src/service/pglite.js';
import { openPostgres } from '../../src/service/postgres.js';
import { storeContract } from '../contract/store.js';
import { startPostgres } from '../servers/postgres.js';
import { scratchFolder } from '../servers/run.js';

storeContract('PGlite in a folder', async () => {
  const folder = scratchFolder('store');
  const store = await openFolder(folder.path);
  return {
    store,
    async done() {
      await store.close();
      folder.remove();
    },
  };
});

storeContract('PostgreSQL', async () => {
  const server = await startPostgres();
  if (server === null) return null;
  const store = await openPostgres(server.url);
  return {
    store,
    async done() {
      await store.close();
      await server.stop();
    },
  };
});
