/**
 * kabiwatch.yaml: what the service is told. Strict: an unknown key, a wrong value or a secret written in the file is an error that names
 * file, line, key, value and what to do. The shape is here, with its defaults; reading the file is config-file.ts.
 */
import { z } from 'zod';
import { architectures } from '../kabi/review.js';

/** `90s`, `10m`, `2h`, `7d` -> milliseconds. */
const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const Duration = z
  .string()
  .regex(/^\d+(ms|s|m|h|d)$/, 'write a number and a unit: 90s, 10m, 2h, 7d')
  .transform((text) => {
    const [, count = '0', unit = 's'] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
    return Number(count) * unitMs[unit as keyof typeof unitMs];
  });

/** `4MB`, `512kB` -> bytes. */
const unitBytes = { B: 1, kB: 1000, MB: 1_000_000, GB: 1_000_000_000 } as const;
const Size = z
  .string()
  .regex(/^\d+(B|kB|MB|GB)$/, 'write a number and a unit: 512kB, 4MB')
  .transform((text) => {
    const [, count = '0', unit = 'B'] = /^(\d+)(B|kB|MB|GB)$/.exec(text) ?? [];
    return Number(count) * unitBytes[unit as keyof typeof unitBytes];
  });

const duration = (value: string) => Duration.prefault(value);
const size = (value: string) => Size.prefault(value);

/** A secret is never in the file: it is named by an environment variable or lies in a file of its own. */
const Secret = z.union(
  [z.strictObject({ env: z.string().min(1) }), z.strictObject({ file: z.string().min(1) })],
  'name the secret, do not write it: { env: VARIABLE } or { file: /path }',
);

const Address = z.string().regex(/^[^\s@<>,]+@[^\s@<>,]+$/, 'write a bare address: name@example.org');
const Port = z.number().int().min(1).max(65535);
const Tls = z.enum(['on-connect', 'starttls', 'none']);

const Account = z.strictObject({
  name: z.string().min(1),
  host: z.string().min(1),
  port: Port.prefault(993),
  tls: Tls.prefault('on-connect'),
  user: z.string().min(1),
  password: Secret,
  /** Its name in the Authentication-Results that it puts on top of what it takes in, where it checks DKIM or DMARC. */
  authentication: z
    .string()
    .regex(/^[\w.-]+$/, 'write the authserv-id, for instance mx.example.org')
    .optional(),
});

const StartAt = z.union(
  [
    z.literal('now').transform(() => ({ kind: 'now' }) as const),
    z.literal('all').transform(() => ({ kind: 'all' }) as const),
    z.strictObject({ uid: z.number().int().min(1) }).transform(({ uid }) => ({ kind: 'uid', uid }) as const),
    z
      .strictObject({ date: z.string().regex(/^\d{4}-\d\d-\d\d$/) })
      .transform(({ date }) => ({ kind: 'date', date: new Date(`${date}T00:00:00Z`) }) as const),
  ],
  'use now, all, { date: 2025-01-31 } or { uid: 1234 }',
);

export const modes = ['off', 'dry-run', 'author', 'list'] as const;

const List = z.strictObject({
  name: z.string().regex(/^[\w.-]+$/, 'letters, digits, dots, dashes'),
  address: Address,
  /** As in its List-Id, where that is not the address with a dot for the @; for lists that share a mailbox. */
  listId: z.string().min(1).optional(),
  /** The account whose mailbox is watched, or an archive. */
  account: z.string().min(1).optional(),
  mailbox: z.string().min(1).prefault('INBOX'),
  /** Instead of an account: a public-inbox archive in git, a mirrored repository or a folder of its epochs. */
  publicInbox: z
    .strictObject({
      path: z.string().min(1),
      /** `git fetch` before each look; else somebody else brings new mail. */
      fetch: z.boolean().prefault(false),
    })
    .optional(),
  start: StartAt.prefault('now'),
  mode: z.enum(modes).prefault('dry-run'),
  /** enforced: a distribution kernel with a kABI promise. advisory: upstream, nothing is promised. */
  promise: z.enum(['advisory', 'enforced']).prefault('enforced'),
  arch: z.enum(architectures).prefault('x86_64'),
  /** Kernel source that the list's series are judged on; without it the mails alone are. */
  source: z
    .strictObject({
      /** A directory, DIR@REVISION of a repository, or a bare mirror in which each series' base is looked for. */
      tree: z.string().min(1),
      /** Of a mirror: tried in this order where a series does not name its base. */
      branches: z.array(z.string().regex(/^[^-\s][^\s]*$/, 'write the name of a branch')).prefault(['HEAD']),
      /** Folders with .config and generated headers. */
      build: z.array(z.string().min(1)).prefault([]),
      config: z.string().min(1).optional(),
      /** A released kernel, by name or file, that the numbers before are checked against. */
      reference: z.string().min(1).optional(),
      /** For the series of one thread; the first on a new tree also makes its index, some minutes for a kernel. */
      timeLimit: duration('10m'),
    })
    .optional(),
  reply: z.enum(['findings', 'always']).prefault('findings'),
  quiet: duration('15m'),
  cc: z.array(Address).prefault([]),
  /** Who may opt the list out by mail, besides the bot's owner and LIST-owner@. */
  owners: z.array(Address).prefault([]),
  /** Series that the server took in longer ago are reviewed, but not answered; dry-run answers all. */
  answerWithin: duration('7d'),
  moderation: z.boolean().prefault(false),
});

const Clocked = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'write a time of day in UTC: 22:30');

const Posting = z.strictObject({
  perHour: z.number().int().min(1).prefault(20),
  perListHour: z.number().int().min(1).prefault(10),
  perThread: z.number().int().min(1).prefault(3),
  attempts: z.number().int().min(1).prefault(12),
  /** Pause after the first refusal; doubled after each further one, up to an hour. */
  retry: duration('30s'),
  /** How long to look for our own mail on the list before a send whose answer was lost is tried again. */
  unsureGrace: duration('30m'),
  /** A sender that said nothing for so long is taken for dead, and its mail for unsure. */
  sendingLease: duration('5m'),
  /** So many failures, or so many bad verdicts within an hour, and everything is held for the owner. */
  breakerFailures: z.number().int().min(1).prefault(5),
  breakerBursts: z.number().int().min(1).prefault(15),
  quietHours: z.strictObject({ from: Clocked, to: Clocked }).optional(),
});

export const Listen = z.string().regex(/^[\w.:[\]-]*:\d+$/, 'write ADDRESS:PORT, for instance 127.0.0.1:8080');

const Store = z.union(
  [z.strictObject({ folder: z.string().min(1) }), z.strictObject({ url: Secret })],
  'use { folder: DIR } for the embedded database, or { url: { env: VARIABLE } } for PostgreSQL',
);

/** Stands where a configuration without lists names no address: nothing is mailed from it. */
const nobody = 'kabiwatch@localhost';

export const Config = z
  .strictObject({
    store: Store.prefault({ folder: './kabiwatch-data' }),
    /** Who mails; may be absent where there is no list. */
    bot: z
      .strictObject({
        name: z.string().min(1).prefault('kabiwatch'),
        address: Address,
        owner: Address.optional(),
        /** Where answers to the bot go, so that they do not fill the list. */
        replyTo: Address.optional(),
        /** Gets a blind copy of each reply; when a watched mailbox receives it, a lost answer can be settled in mode author too. */
        archive: Address.optional(),
      })
      .prefault({ address: nobody }),
    accounts: z.array(Account).prefault([]),
    lists: z.array(List).prefault([]),
    /** The GitHub App. */
    github: z
      .strictObject({
        appId: z.number().int().min(1),
        privateKey: Secret,
        webhookSecret: Secret,
        /** Of an Enterprise server: https://HOST/api/v3 */
        apiUrl: z.url().prefault('https://api.github.com'),
        /** Folder for the clones; false reads small pull requests through the API. */
        mirrors: z.union([z.string().min(1), z.literal(false)]).prefault('./kabiwatch-mirrors'),
        /** Folders with .config and generated headers of the mirrored kernel, of any architectures; without one only the diff is judged. */
        build: z.array(z.string().min(1)).prefault([]),
        /** Branches where a reviewed change that lands is told on its commit, where no repository's configuration says; patterns. */
        landed: z.array(z.string().min(1)).prefault([]),
        /** For one pull request; the first on a new tree also makes its index, some minutes for a kernel. */
        timeLimit: duration('10m'),
      })
      .optional(),
    smtp: z
      .strictObject({
        host: z.string().min(1),
        port: Port.prefault(587),
        tls: Tls.prefault('starttls'),
        user: z.string().min(1).optional(),
        password: Secret.optional(),
        timeout: duration('60s'),
      })
      .optional(),
    /** Folder for the replies of mode dry-run. */
    replies: z.string().min(1).prefault('./kabiwatch-replies'),
    posting: Posting.prefault({}),
    watching: z
      .strictObject({
        poll: duration('3m'),
        maxMessage: size('4MB'),
        batch: z.number().int().min(1).max(1000).prefault(50),
        /** A watcher that said nothing for so long is taken for dead, and another takes its mailbox. */
        lease: duration('45s'),
      })
      .prefault({}),
    reviewing: z
      .strictObject({
        workers: z.number().int().min(1).prefault(1),
        timeLimit: duration('60s'),
        memory: size('768MB'),
        /** Of a worker that judges on a kernel tree: a list's `source`, the App's `build`. A type that the whole kernel uses takes 1.5 GB. */
        treeMemory: size('2GB'),
        lease: duration('3m'),
      })
      .prefault({}),
    retention: z
      .strictObject({ mail: duration('90d'), reviews: duration('730d'), quarantine: duration('90d') })
      .prefault({}),
    web: z
      .strictObject({
        listen: Listen,
        /** Where people reach the pages, for links in replies and checks. */
        url: z.url().optional(),
        /** May anybody read the pages? Acting always needs the token. */
        public: z.boolean().prefault(true),
        /** What a person logs in with to approve or withdraw replies; without it nobody can. */
        token: Secret.optional(),
        /** Logging in by GitHub (an OAuth app, or the App's own client), for these accounts; needs `url`. */
        github: z
          .strictObject({
            clientId: z.string().min(1),
            clientSecret: Secret,
            users: z.array(z.string().regex(/^[A-Za-z0-9-]{1,39}$/, 'write login names')).min(1),
            /** Of an Enterprise server: https://HOST and https://HOST/api/v3 */
            url: z.url().prefault('https://github.com'),
            apiUrl: z.url().prefault('https://api.github.com'),
          })
          .optional(),
      })
      .prefault({ listen: '127.0.0.1:8080' }),
    /** Where processes without the role `web` answer /livez, /healthz and /metrics; `serve --listen` says it for one process. */
    health: z.strictObject({ listen: Listen }).optional(),
    /** Posts each result as a check on the series' patches; for lists in the modes author and list. */
    patchwork: z
      .strictObject({
        /** Without /api. */
        url: z.url(),
        /** The project's link name. */
        project: z.string().min(1),
        token: Secret,
        context: z
          .string()
          .regex(/^[\w-]{1,255}$/, 'letters, digits, dashes, underscores')
          .prefault('kabiwatch'),
        /** Names of the lists that the project tracks; absent: all. */
        lists: z.array(z.string().min(1)).optional(),
        timeout: duration('30s'),
      })
      .optional(),
    log: z.enum(['debug', 'info', 'warn', 'error']).prefault('info'),
  })
  .superRefine((config, context) => {
    if (config.web.github !== undefined && config.web.url === undefined)
      context.addIssue({
        code: 'custom',
        path: ['web', 'github'],
        message: 'add web.url: GitHub sends people back to it',
      });
    for (const [index, name] of (config.patchwork?.lists ?? []).entries()) {
      if (!config.lists.some((list) => list.name === name))
        context.addIssue({ code: 'custom', path: ['patchwork', 'lists', index], message: 'use the name of a list' });
    }
    if (config.bot.address === nobody && (config.lists.length > 0 || config.github === undefined))
      context.addIssue({ code: 'custom', path: ['bot'], message: 'add bot.address: replies come from it' });
    if (config.lists.length === 0 && config.github === undefined) {
      context.addIssue({ code: 'custom', path: ['lists'], message: 'add a list, or github:' });
    }
    const accounts = new Set(config.accounts.map(({ name }) => name));
    const names = new Set<string>();
    config.lists.forEach((list, index) => {
      const path = ['lists', index] as const;
      if (list.account !== undefined && list.publicInbox !== undefined)
        context.addIssue({ code: 'custom', path: [...path, 'publicInbox'], message: 'use this or account, not both' });
      else if (list.publicInbox === undefined && !accounts.has(list.account ?? '')) {
        context.addIssue({
          code: 'custom',
          path: [...path, 'account'],
          message: `use one of the accounts: ${[...accounts].join(', ')}; or publicInbox`,
        });
      }
      if (names.has(list.name))
        context.addIssue({ code: 'custom', path: [...path, 'name'], message: 'use each name once' });
      names.add(list.name);
      if ((list.mode === 'author' || list.mode === 'list') && config.smtp === undefined) {
        context.addIssue({ code: 'custom', path: [...path, 'mode'], message: 'add smtp:, or use dry-run' });
      }
    });
  });

/** Whose word on a sender counts in a list's mailbox; null where nobody checks senders. */
export function authenticationOf({ accounts }: Config, list: ListConfig): string | null {
  return accounts.find(({ name }) => name === list.account)?.authentication ?? null;
}

export type Config = z.output<typeof Config>;
export type ListConfig = Config['lists'][number];
export type AccountConfig = Config['accounts'][number];
export type Posting = Config['posting'];
export type SecretRef = z.output<typeof Secret>;
