/** Making the App from its manifest (GitHub's flow), and checking that an App has what app.yml asks for. */
import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';
import { ProbotOctokit } from 'probot';
import { parse } from 'yaml';
import { z } from 'zod';
import { type AppAccount, githubApp } from './app.js';
import { proxiedFetch } from './proxy.js';

const Manifest = z.object({
  name: z.string(),
  description: z.string(),
  url: z.string(),
  public: z.boolean(),
  default_events: z.array(z.string()),
  default_permissions: z.record(z.string(), z.enum(['read', 'write'])),
});

function wanted(): z.infer<typeof Manifest> {
  return Manifest.parse(parse(readFileSync(new URL('../../app.yml', import.meta.url), 'utf8')));
}

/**
 * What GitHub's form at `settings/apps/new` takes as `manifest`; `url` is where the service can be reached, `back` where GitHub leads a
 * person with the code.
 */
export function manifestFor(url: string, back = url): string {
  const base = url.replace(/\/$/, '');
  return JSON.stringify({
    ...wanted(),
    hook_attributes: { url: `${base}/github/webhook`, active: true },
    redirect_url: back.replace(/\/$/, ''),
  });
}

export interface NewApp {
  readonly appId: number;
  readonly slug: string;
  readonly privateKey: string;
  readonly webhookSecret: string;
}

/** The code that GitHub gave after the form, good once and for an hour, -> the App's secrets. */
export async function convertManifest(apiUrl: string, code: string): Promise<NewApp> {
  const proxied = proxiedFetch(process.env);
  const octokit = new ProbotOctokit({
    ...(proxied === null ? {} : { request: { fetch: proxied } }),
    baseUrl: apiUrl.replace(/\/$/, ''),
    retry: { enabled: false },
    throttle: { enabled: false },
  });
  const { data } = await octokit.request('POST /app-manifests/{code}/conversions', { code });
  return { appId: data.id, slug: data.slug ?? '', privateKey: data.pem, webhookSecret: data.webhook_secret ?? '' };
}

/** What is wrong with the App, in words; nothing when it has all that app.yml asks for. */
export async function checkApp(
  account: AppAccount,
  log: Logger,
): Promise<{ readonly name: string; readonly wrong: readonly string[] }> {
  const app = await githubApp(account, log);
  const client = await app.auth();
  const { data } = await client.rest.apps.getAuthenticated();
  if (data === null) throw new Error('GitHub does not know this App');
  const { default_permissions: permissions, default_events: events } = wanted();
  const wrong: string[] = [];
  const compare = (has: Readonly<Record<string, string | undefined>>, who: string, url: string): void => {
    for (const [area, level] of Object.entries(permissions)) {
      if (has[area] !== level && has[area] !== 'write') wrong.push(`${who}: give it ${area}: ${level} (${url})`);
    }
    const more = Object.keys(has).filter((area) => permissions[area] === undefined);
    if (more.length > 0) wrong.push(`${who}: has more than it needs: ${more.join(', ')} (${url})`);
  };
  compare(data.permissions as Record<string, string>, 'the App', data.html_url);
  for (const event of events) {
    if (!data.events.includes(event)) wrong.push(`the App: let it listen to ${event} (${data.html_url})`);
  }
  for (const one of await client.paginate(client.rest.apps.listInstallations, { per_page: 100 })) {
    const account = one.account !== null && 'login' in one.account ? one.account.login : String(one.id);
    compare(one.permissions as Record<string, string>, `installation ${account}`, one.html_url);
  }
  return { name: data.name, wrong };
}
