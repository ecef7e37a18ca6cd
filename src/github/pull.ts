/** The state of a pull request as GitHub has it now: the only thing that decides what is to be done. */
import type { Client } from './app.js';

export interface Pull {
  readonly repo: string;
  readonly number: number;
  readonly title: string;
  /** Its text, for the mails it names. */
  readonly body: string;
  readonly author: string;
  readonly open: boolean;
  readonly draft: boolean;
  readonly head: string;
  readonly base: string;
  readonly baseRef: string;
  readonly cloneUrl: string;
  readonly labels: ReadonlySet<string>;
}

/** null where there is no such pull request (any more). */
export async function readPull(client: Client, repo: string, number: number): Promise<Pull | null> {
  const [owner = '', name = ''] = repo.split('/');
  try {
    const { data } = await client.rest.pulls.get({ owner, repo: name, pull_number: number });
    return {
      repo,
      number,
      title: data.title,
      body: data.body ?? '',
      author: data.user?.login ?? '',
      open: data.state === 'open',
      draft: data.draft === true,
      head: data.head.sha,
      base: data.base.sha,
      baseRef: data.base.ref,
      cloneUrl: data.base.repo.clone_url,
      labels: new Set(data.labels.map((label) => label.name)),
    };
  } catch (error) {
    if ((error as { status?: number }).status === 404) return null;
    throw error;
  }
}
