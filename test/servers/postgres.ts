/** A real PostgreSQL of Debian's package, in a folder of its own; null where it is not installed. It refuses to run as root, so root lends it `postgres`. */
import { chmodSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { skipped } from '../truth/kernel.js';
import { answers, end, freePort, type Running, run, scratchFolder, start, until } from './run.js';

export interface Postgres extends Running {
  readonly url: string;
  /** Of the server. */
  readonly pid: () => number;
  restart(): Promise<void>;
}

/** `settings` as in postgresql.conf: `name=value`. */
export async function startPostgres(settings: readonly string[] = []): Promise<Postgres | null> {
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : [];
  const bin = versions
    .map((version) => `/usr/lib/postgresql/${version}/bin`)
    .find((folder) => existsSync(join(folder, 'initdb')));
  if (bin === undefined) {
    skipped('postgresql is not installed');
    return null;
  }
  const folder = scratchFolder('postgres');
  const data = join(folder.path, 'data');
  const asRoot = process.getuid?.() === 0;
  const as = (command: string, args: string[]): [string, string[]] =>
    asRoot
      ? ['setpriv', ['--reuid=postgres', '--regid=postgres', '--clear-groups', command, ...args]]
      : [command, args];
  if (asRoot) {
    chmodSync(folder.path, 0o755);
    await run('chown', ['postgres', folder.path]);
  }
  await run(
    ...as(join(bin, 'initdb'), ['-D', data, '-A', 'trust', '-U', 'kabiwatch', '-E', 'UTF8', '--locale=C', '--no-sync']),
  );
  const port = await freePort();
  const launch = async () => {
    const child = start(
      ...as(join(bin, 'postgres'), [
        '-D',
        data,
        '-p',
        String(port),
        '-h',
        '127.0.0.1',
        '-k',
        folder.path,
        ...settings.flatMap((one) => ['-c', one]),
      ]),
    );
    await until(
      'PostgreSQL answers',
      async () =>
        (await run(join(bin, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)]).catch(() => null)) !== null,
    );
    return child;
  };
  let child = await launch();
  return {
    url: `postgresql://kabiwatch@127.0.0.1:${port}/postgres`,
    pid: () => child.pid ?? -1,
    async restart() {
      await end(child, 'SIGINT');
      await until('the port is free', async () => !(await answers(port)));
      child = await launch();
    },
    async stop() {
      await end(child, 'SIGINT');
      folder.remove();
    },
  };
}
