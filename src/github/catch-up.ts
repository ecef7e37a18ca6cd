/** What was missed while nobody listened: every open pull request of every installation, found by listing them. */
import type { Logger } from 'pino';
import type { Probot } from 'probot';
import type { ForgeStore, PullNotice } from '../service/ports.js';
import { named } from './named.js';

/** How many were marked. What one repository or installation refuses keeps no other from it; any other failure is thrown at the end. */
export async function markAllOpen(app: Probot, store: ForgeStore, log: Logger): Promise<number> {
  const client = await app.auth();
  const installations = await client.paginate(client.rest.apps.listInstallations, { per_page: 100 });
  const active = installations.filter(({ suspended_at }) => suspended_at === null);
  return each(
    active,
    ({ id }) => markOpen(app, store, id, log),
    ({ id }, error) => log.warn({ err: error, installation: id }, 'this installation cannot be read'),
  );
}

/** Of one installation. */
export async function markOpen(app: Probot, store: ForgeStore, installation: number, log: Logger): Promise<number> {
  const client = await app.auth(installation);
  const repositories = await client.paginate(client.rest.apps.listReposAccessibleToInstallation, { per_page: 100 });
  const markIn = async ({ full_name }: { readonly full_name: string }): Promise<number> => {
    const [owner = '', repo = ''] = full_name.split('/');
    const pulls = await client.paginate(client.rest.pulls.list, { owner, repo, state: 'open', per_page: 100 });
    const notices = pulls.map(
      ({ number }): PullNotice => ({ repo: full_name, number, installation, again: false, fix: false }),
    );
    for (const pull of await store.mark(notices)) log.info(named(pull), 'due: it may have been missed');
    return notices.length;
  };
  return each(repositories as unknown as { full_name: string }[], markIn, ({ full_name }, error) =>
    log.warn({ err: error, repo: full_name }, 'this repository cannot be read'),
  );
}

async function each<Entry>(
  entries: readonly Entry[],
  mark: (entry: Entry) => Promise<number>,
  refused: (entry: Entry, error: Error) => void,
): Promise<number> {
  let marked = 0;
  let failed: unknown = null;
  for (const entry of entries) {
    try {
      marked += await mark(entry);
    } catch (error) {
      refused(entry, error as Error);
      if (!isRefusal(error)) failed ??= error;
    }
  }
  if (failed !== null) throw failed;
  return marked;
}

/** Suspended, taken away, blocked, or a permission lacks: asking again would not help. A rate limit is none of these. */
function isRefusal(error: unknown): boolean {
  const { status, message } = error as { status?: number; message?: string };
  return status === 404 || status === 410 || status === 451 || (status === 403 && !/rate limit/i.test(message ?? ''));
}
