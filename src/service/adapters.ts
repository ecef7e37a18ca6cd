/** Configuration -> adapters: the one place besides start.ts where what the service needs meets what talks to the world. */
import { archiveSource } from '../disk/archives/archive-source.js';
import { keptReference, listReferences } from '../disk/references/references.js';
import { type Forge, startForge } from '../github/forge.js';
import { mailboxSource } from '../imap/mailbox-source.js';
import { checkOutlet } from '../patchwork/check-outlet.js';
import { folderSink } from '../smtp/folder-sink.js';
import { smtpSink } from '../smtp/smtp-sink.js';
import type { Shelf } from '../web/explore.js';
import type { GithubLogin } from '../web/github-login.js';
import type { AccountConfig, Config, ListConfig } from './config.js';
import { readSecret } from './config-file.js';
import type { Store } from './database.js';
import type { Health } from './health.js';
import type { Log } from './log.js';
import type { Pool } from './pool.js';
import type { CheckOutlet, Clock, MailSink, MailSource } from './ports.js';
import { judgeIn, patchIdsIn } from './pull-judge.js';
import type { Bot } from './reply.js';
import { pullStore } from './store/pulls.js';

export function botOf(config: Config): Bot {
  const { name, address, replyTo, archive } = config.bot;
  return { name, address, replyTo: replyTo ?? null, archive: archive ?? null };
}

export function sourceOf(config: Config, account: AccountConfig, list: ListConfig, clock: Clock): MailSource {
  return mailboxSource({
    account: {
      host: account.host,
      port: account.port,
      tls: account.tls,
      user: account.user,
      password: () => readSecret(account.password),
    },
    mailbox: list.mailbox,
    start: list.start,
    pollMs: config.watching.poll,
    maxMessage: config.watching.maxMessage,
    batch: config.watching.batch,
    clock,
    random: Math.random,
  });
}

export function sourcesOf(config: Config, clock: Clock): Map<string, MailSource> {
  const accounts = new Map(config.accounts.map((account) => [account.name, account]));
  return new Map(
    config.lists.map((list) => {
      const { publicInbox, start } = list;
      if (publicInbox === undefined)
        return [list.name, sourceOf(config, accounts.get(list.account ?? '') as AccountConfig, list, clock)];
      const { poll, maxMessage, batch } = config.watching;
      return [list.name, archiveSource({ ...publicInbox, start, pollMs: poll, maxMessage, batch, clock })];
    }),
  );
}

export function smtpOf(config: Config, clock: Clock): MailSink | null {
  return config.smtp === undefined ? null : smtpSink(smtpAccount(config.smtp), clock);
}

export function patchworkOf({ patchwork }: Config): CheckOutlet | null {
  return patchwork === undefined ? null : checkOutlet(patchworkAccount(patchwork));
}

export function patchworkAccount({ url, project, token, context, timeout }: NonNullable<Config['patchwork']>) {
  return { url, project, token: () => readSecret(token), context, timeoutMs: timeout };
}

export function smtpAccount(smtp: NonNullable<Config['smtp']>) {
  const { host, port, tls, user, password, timeout } = smtp;
  return {
    host,
    port,
    tls,
    user: user ?? null,
    password: password === undefined ? null : () => readSecret(password),
    timeoutMs: timeout,
  };
}

/** Mode dry-run: replies as files. */
export function repliesOf(config: Config, clock: Clock): MailSink {
  return folderSink(config.replies, clock);
}

/** One that cannot be opened is logged and left out. */
export function shelfOf(log: Log): Shelf {
  return {
    names: () => listReferences().map(({ name }) => name),
    open(name) {
      const listed = listReferences().find((one) => one.name === name);
      if (listed === undefined) return null;
      try {
        return keptReference(listed.path);
      } catch (error) {
        log.warn({ err: error as Error, reference: name }, 'a reference cannot be opened');
        return null;
      }
    },
  };
}

export function githubLoginOf({ web }: Config): GithubLogin | null {
  if (web.github === undefined || web.url === undefined) return null;
  const { clientId, clientSecret, users, url, apiUrl } = web.github;
  return {
    clientId,
    clientSecret: readSecret(clientSecret),
    users: new Set(users.map((name) => name.toLowerCase())),
    url: url.replace(/\/$/, ''),
    apiUrl: apiUrl.replace(/\/$/, ''),
    callback: `${web.url.replace(/\/$/, '')}/login/github/callback`,
  };
}

export interface ForgeParts {
  readonly config: Config;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly health: Health;
  readonly engine: string;
  readonly pool: Pool;
}

/** The GitHub App; null where it is not configured. */
export async function forgeOf({ config, store, clock, log, health, engine, pool }: ForgeParts): Promise<Forge | null> {
  const { github, web } = config;
  if (github === undefined) return null;
  return startForge({
    account: {
      appId: github.appId,
      privateKey: readSecret(github.privateKey),
      webhookSecret: readSecret(github.webhookSecret),
      apiUrl: github.apiUrl,
      spaced: true,
    },
    store: pullStore(store, clock, engine),
    judge: judgeIn(pool, {
      build: github.build,
      timeMs: github.timeLimit,
      references: () => Object.fromEntries(listReferences().map(({ name, path }) => [name, path])),
    }),
    patchIds: patchIdsIn(pool),
    landed: github.landed,
    leaseMs: config.reviewing.lease,
    mirrors: github.mirrors === false ? null : github.mirrors,
    clock,
    log,
    state: (state) => health.set('github', state),
    pageOf: (review) => (web.url === undefined ? null : `${web.url.replace(/\/$/, '')}/reviews/r${review}`),
  });
}
