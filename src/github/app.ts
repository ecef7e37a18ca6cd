/**
 * The App's identity: Probot with our way of failing. Nothing is retried here: a request whose answer was lost may have been carried out,
 * so the whole round goes again, looks first and writes only what is not there. What GitHub limits is spaced out (spacing.ts).
 */
import type { Logger } from 'pino';
import { Probot, ProbotOctokit } from 'probot';
import { proxiedFetch } from './proxy.js';
import { spaced } from './spacing.js';

export interface AppAccount {
  readonly appId: number;
  readonly privateKey: string;
  readonly webhookSecret: string;
  /** `https://api.github.com`, or `https://HOST/api/v3` of an Enterprise server. */
  readonly apiUrl: string;
  /** false in tests: GitHub's limits on writing are three seconds a comment. */
  readonly spaced: boolean;
}

export type Client = Awaited<ReturnType<Probot['auth']>>;

export async function githubApp(account: AppAccount, log: Logger): Promise<Probot> {
  const proxied = proxiedFetch(process.env);
  const Octokit = (account.spaced ? ProbotOctokit.plugin(spaced) : ProbotOctokit).defaults(
    (options: Record<string, unknown>) => ({
      ...options,
      ...(proxied === null ? {} : { request: { ...(options.request as object | undefined), fetch: proxied } }),
      retry: { enabled: false },
      throttle: { enabled: false },
    }),
  );
  const app = new Probot({
    appId: account.appId,
    privateKey: account.privateKey,
    secret: account.webhookSecret,
    baseUrl: account.apiUrl.replace(/\/$/, ''),
    Octokit: Octokit as typeof ProbotOctokit,
    log,
  });
  return app.ready();
}

/** Where the forge's git answers; a clone address elsewhere never gets the token. */
export function gitOrigin(apiUrl: string): string {
  const url = new URL(apiUrl);
  return url.hostname === 'api.github.com' ? 'https://github.com' : url.origin;
}
