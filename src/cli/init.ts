/** `kabiwatch init`: writes a commented configuration. It says nothing to anybody as it stands: the mode is dry-run. */
import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { KabiwatchError } from '../errors.js';

export function addInit(program: Command): void {
  program
    .command('init')
    .description('write a commented kabiwatch.yaml')
    .argument('[file]', 'where to', 'kabiwatch.yaml')
    .action((file: string) => {
      try {
        writeFileSync(file, template, { flag: 'wx' });
      } catch (cause) {
        const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
        const remedy = exists ? 'it is there already: name another file' : (cause as Error).message;
        throw new KabiwatchError('usage', { file, remedy }, { cause });
      }
      console.log(`${file} written. Fill in addresses and servers, then: kabiwatch doctor --config ${file}`);
    });
}

export const template = `# kabiwatch.yaml: what kabiwatch watches and how it answers. Keys in comments show their defaults.
# Durations are 90s, 10m, 2h, 7d; sizes 512kB, 4MB. Secrets are never written here: { env: NAME } or { file: /path }.

# Where state lives: a folder (embedded database, one process) or PostgreSQL (several processes).
store:
  folder: ./kabiwatch-data
# store:
#   url: { env: KABIWATCH_DATABASE_URL }

bot:
  # name: kabiwatch
  address: kabiwatch@example.org
  # owner: you@example.org            # told when the circuit breaker holds replies
  # replyTo: kabi-reviews@example.org # answers to the bot go here, not to the list
  # archive: kabi-sent@example.org    # blind copy of each reply; lets a lost answer be settled in mode author too

accounts:
  - name: main
    host: imap.example.org
    # port: 993
    # tls: on-connect                 # on-connect, starttls or none
    user: kabiwatch@example.org
    password: { env: KABIWATCH_IMAP_PASSWORD }
    # authentication: mx.example.org  # this server's name in Authentication-Results: a sender that it vouches for is believed

lists:
  - name: my-list
    address: my-list@example.org
    account: main                     # or a public-inbox archive in git: publicInbox: { path: ./list.git, fetch: true }
    mailbox: INBOX                    # a public-inbox list without its slice: inbox.comp.tools.systemtap
    # listId: my-list.example.org     # where several lists share a mailbox: as in the header List-Id, if not the address with a dot
    # start: now                      # now, all, { date: 2025-01-31 } or { uid: 1234 }
    mode: dry-run                     # off; dry-run: write replies to a folder; author: only to the author; list: author and list
    # promise: enforced               # enforced: the tree promises a stable kABI; advisory: it does not (upstream)
    # arch: x86_64
    # source:                         # kernel source to judge on; without it the mails alone are
    #   tree: ./linux.git             # a bare mirror where each series' base is looked for; a directory; DIR@REVISION
    #   branches: [HEAD]              # of a mirror: tried in this order where a series does not name its base
    #   build: [/usr/src/linux-headers-6.1.0-56-amd64]  # .config and generated headers
    #   config: ./config-6.1          # another .config
    #   reference: my-release         # a released kernel: kabiwatch reference list
    #   timeLimit: 10m
    # reply: findings                 # findings: only when there is something to say; always
    # quiet: 15m                      # an incomplete series is reviewed when nothing came for so long
    # cc: []
    # answerWithin: 7d                # older series are reviewed, not answered
    # moderation: false               # hold each reply for approval

# Mail to the bot itself (unsubscribe, mute this thread, approve) is obeyed where one of these mailboxes receives it: give the bot's
# own INBOX as a list with mode off.

# Needed for the modes author and list.
# smtp:
#   host: smtp.example.org
#   port: 587
#   tls: starttls
#   user: kabiwatch@example.org
#   password: { env: KABIWATCH_SMTP_PASSWORD }
#   timeout: 60s

# replies: ./kabiwatch-replies        # where mode dry-run writes

# posting:
#   perHour: 20                       # limits postpone, they drop nothing
#   perListHour: 10
#   perThread: 3                      # a thread gets so many answers a week (one a version), then silence
#   attempts: 12
#   retry: 30s                        # pause after a refusal, doubled each time up to an hour
#   unsureGrace: 30m                  # how long to look for our mail on the list when a send's answer was lost
#   sendingLease: 5m
#   breakerFailures: 5
#   breakerBursts: 15
#   quietHours: { from: "22:00", to: "06:00" }   # UTC

# watching:
#   poll: 3m
#   maxMessage: 4MB
#   batch: 50
#   lease: 45s                        # with several watchers: when a dead one is replaced

# reviewing:
#   workers: 1
#   timeLimit: 60s
#   memory: 768MB
#   treeMemory: 2GB                   # where a list has a source, or github a build
#   lease: 3m

# retention:
#   mail: 90d
#   reviews: 730d
#   quarantine: 90d

# web:
#   listen: 127.0.0.1:8080            # /healthz, /metrics and the pages
#   url: https://kabi.example.org     # where people reach the pages
#   public: true                      # may anybody read them?
#   token: { env: KABIWATCH_WEB_TOKEN }        # what a person logs in with to approve or withdraw replies
#   github:                           # or by GitHub, for these accounts
#     clientId: Iv1.0123456789abcdef
#     clientSecret: { env: KABIWATCH_GITHUB_CLIENT_SECRET }
#     users: [ada]

# github:                             # the App: kabiwatch github setup prints these lines; without lists nothing else is needed
#   appId: 12345
#   privateKey: { file: ./github-private-key.pem }
#   webhookSecret: { file: ./github-webhook-secret }
#   apiUrl: https://api.github.com    # Enterprise: https://HOST/api/v3
#   mirrors: ./kabiwatch-mirrors      # bare clones; false: small pull requests through the API
#   build: [/usr/src/linux-headers-6.1.0-56-amd64]  # .config and generated headers of the mirrored kernel
#   landed: []                        # branches where landed changes are told, where no repository says
#   timeLimit: 10m

# patchwork:                          # each result as a check on the series' patches; lists in mode author or list
#   url: https://patchwork.example.org
#   project: my-list                  # its link name
#   token: { env: KABIWATCH_PATCHWORK_TOKEN }
#   context: kabiwatch
#   lists: [my-list]                  # absent: all lists
#   timeout: 30s

# log: info
`;
