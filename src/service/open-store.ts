/** The store that the configuration names, opened and migrated. */
import { KabiwatchError } from '../errors.js';
import type { Config } from './config.js';
import { readSecret } from './config-file.js';
import type { Store } from './database.js';
import { migrate } from './migrate.js';
import { openFolder } from './pglite.js';
import { openPostgres } from './postgres.js';

export async function openStore(config: Config['store']): Promise<{ store: Store; migrated: readonly string[] }> {
  let store: Store;
  try {
    store = 'folder' in config ? await openFolder(config.folder) : await openPostgres(readSecret(config.url));
  } catch (cause) {
    if (cause instanceof KabiwatchError) throw cause;
    const where = 'folder' in config ? config.folder : 'store.url';
    throw new KabiwatchError(
      'store-unavailable',
      { store: where, why: (cause as Error).message || String(cause) },
      { cause },
    );
  }
  try {
    return { store, migrated: await migrate(store) };
  } catch (error) {
    await store.close().catch(() => {});
    throw error;
  }
}
