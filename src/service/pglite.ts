/**
 * PostgreSQL in a folder: no server to install. One process at a time; a lock file with the owner's process id says which.
 *
 * Making a new folder costs 800 MB (it runs initdb inside WebAssembly, whose memory never shrinks), so a child process makes it and
 * ends; the service itself then needs about 300 MB, as on every later start.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PGlite, type Transaction } from '@electric-sql/pglite';
import { KabiwatchError } from '../errors.js';
import type { Database, Store } from './database.js';

const int8 = 20;

export async function openFolder(folder: string): Promise<Store> {
  mkdirSync(folder, { recursive: true });
  const unlock = lock(join(folder, 'lock'));
  try {
    const data = join(folder, 'postgres');
    await makeOnce(folder, data);
    const pglite = await PGlite.create(data, { parsers: { [int8]: Number } });
    return {
      ...over(pglite),
      name: folder,
      shared: false,
      transaction: (work) => pglite.transaction((tx) => work(over(tx))),
      async close() {
        await pglite.close();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

function over(client: PGlite | Transaction): Database {
  return {
    async query<Row>(text: string, values: readonly unknown[] = []) {
      return (await client.query<Row>(text, [...values])).rows;
    },
    async script(text) {
      try {
        return (await client.exec(text)).flatMap((result) => result.rows as Record<string, unknown>[]);
      } catch (error) {
        // There is one connection: a text that failed between its own BEGIN and COMMIT would poison everything after it.
        if (client instanceof PGlite) await client.exec('ROLLBACK').catch(() => {});
        throw error;
      }
    },
  };
}

/** A folder that was being made when the machine stopped has no marker, and is made anew: nothing was stored in it yet. */
async function makeOnce(folder: string, data: string): Promise<void> {
  const marker = join(folder, 'made');
  if (existsSync(marker)) return;
  rmSync(data, { recursive: true, force: true });
  const make = `import(process.argv[1]).then(async ({ PGlite }) => { await (await PGlite.create(process.argv[2])).close(); })`;
  await promisify(execFile)(process.execPath, ['-e', make, import.meta.resolve('@electric-sql/pglite'), data]);
  writeFileSync(marker, 'The database in postgres/ is complete.\n');
}

/** A process id alone is not enough, since ids come round again: the start time of the process stands beside it. */
function lock(path: string): () => void {
  const mine = `${process.pid} ${startOf(process.pid)}`;
  for (;;) {
    try {
      writeFileSync(path, mine, { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const [pid = '', start = ''] = readFileSync(path, 'utf8').split(' ');
      if (start !== '' && startOf(Number(pid)) === start && `${pid} ${start}` !== mine) {
        throw new KabiwatchError('store-in-use', {
          lock: path,
          process: Number(pid),
          remedy: 'stop it, or set store.url',
        });
      }
      rmSync(path, { force: true });
    }
  }
}

/** Start time of a process in clock ticks since boot (field 22 of /proc/PID/stat); empty where there is no such process. */
function startOf(pid: number): string {
  try {
    return (
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')[19] ?? ''
    );
  } catch {
    return '';
  }
}
