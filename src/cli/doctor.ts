/** `kabiwatch doctor`: tries every connection that the configuration names and says what is wrong. Sends no mail, changes nothing. */
import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Command } from 'commander';
import { askArchive, epochsOf, tipOf } from '../disk/archives/mail-archive.js';
import { openNamedReference } from '../disk/references/references.js';
import { treeInput } from '../disk/tree-input.js';
import { buildFor } from '../disk/trees/builds.js';
import { gitMirror, isBareRepository } from '../disk/trees/git-base.js';
import { KabiwatchError } from '../errors.js';
import { checkApp } from '../github/setup.js';
import { connect, told } from '../imap/client.js';
import { mailboxes } from '../imap/mailbox-source.js';
import { verifyPatchwork } from '../patchwork/check-outlet.js';
import { patchworkAccount, smtpAccount } from '../service/adapters.js';
import type { Config, ListConfig } from '../service/config.js';
import { readConfig, readSecret } from '../service/config-file.js';
import { startLog } from '../service/log.js';
import { openStore } from '../service/open-store.js';
import { verifySmtp } from '../smtp/smtp-sink.js';
import { memoryTree } from '../tree/memory.js';

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('try every connection of the configuration and say what is wrong')
    .option('--config <file>', 'the configuration', 'kabiwatch.yaml')
    .action(async (options: { config: string }) => {
      const config = readConfig(options.config);
      console.log(`ok    ${options.config}`);
      let wrong = 0;
      for (const { what, check } of checksOf(config)) {
        try {
          console.log(`ok    ${what}: ${await check()}`);
        } catch (error) {
          wrong++;
          console.log(
            `WRONG ${what}: ${error instanceof KabiwatchError ? error.message : told(error)}${remedy(error)}`,
          );
        }
      }
      if (wrong > 0) process.exitCode = 2;
    });
}

interface Check {
  readonly what: string;
  /** What was found, in a few words; throws what is wrong. */
  readonly check: () => Promise<string>;
}

function checksOf(config: Config): Check[] {
  const checks: Check[] = [{ what: 'store', check: () => tryStore(config) }];
  for (const list of config.lists) {
    const { source, publicInbox } = list;
    checks.push(
      publicInbox === undefined
        ? { what: `mailbox of ${list.name}`, check: () => tryMailbox(config, list) }
        : { what: `archive of ${list.name}`, check: () => tryArchive(publicInbox) },
    );
    if (source !== undefined)
      checks.push({ what: `source of ${list.name}`, check: async () => trySource(source, list.arch) });
  }
  const { smtp } = config;
  if (smtp !== undefined) {
    checks.push({
      what: `smtp ${smtp.host}:${smtp.port}`,
      check: () =>
        verifySmtp(smtpAccount(smtp)).then(() => (smtp.user === undefined ? 'answers' : 'answers, login accepted')),
    });
  }
  const { github } = config;
  if (github !== undefined) checks.push({ what: `GitHub App ${github.appId}`, check: () => tryGithub(github) });
  const { patchwork } = config;
  if (patchwork !== undefined)
    checks.push({
      what: `Patchwork ${patchwork.url}`,
      check: async () => `has the project ${await verifyPatchwork(patchworkAccount(patchwork))}`,
    });
  checks.push({ what: `replies folder ${config.replies}`, check: () => tryFolder(config.replies) });
  checks.push({ what: `web ${config.web.listen}`, check: () => tryPort(config.web.listen) });
  return checks;
}

/** Opened as for a series, at the first branch; a reference is opened too. */
function trySource(source: NonNullable<ListConfig['source']>, arch: ListConfig['arch']): string {
  const { tree, branches, build, config = null, reference } = source;
  const at = isBareRepository(tree) ? branchIn(tree, branches) : null;
  const input = treeInput({
    tree: at === null ? tree : `${tree}@${at.commit}`,
    build: buildFor(build, arch) ?? build,
    arch,
    over: config === null ? [] : [memoryTree(config, { '.config': readFileSync(config, 'latin1') })],
  });
  if (input.crcMode === null)
    throw new KabiwatchError('tree-not-found', {
      path: tree,
      why: `no .config for ${arch}`,
      remedy: 'add build: or config:',
    });
  if (reference !== undefined) openNamedReference(reference).close();
  const where = at === null ? '' : `, ${at.branch} is ${at.commit.slice(0, 12)}`;
  return `${arch}, symbol versions by ${input.crcMode}${where}${reference === undefined ? '' : `, reference ${reference}`}`;
}

function branchIn(tree: string, branches: readonly string[]): { readonly branch: string; readonly commit: string } {
  const mirror = gitMirror(tree, branches);
  const found = branches.map((branch) => ({ branch, commit: mirror.commit(branch) }));
  const gone = found.find(({ commit }) => commit === null);
  const [first] = found;
  if (gone !== undefined || first === undefined || first.commit === null)
    throw new KabiwatchError('tree-not-found', { path: tree, why: `it has no branch ${gone?.branch ?? ''}`.trim() });
  return { branch: first.branch, commit: first.commit };
}

async function tryGithub(github: NonNullable<Config['github']>): Promise<string> {
  const { name, wrong } = await checkApp(
    {
      appId: github.appId,
      privateKey: readSecret(github.privateKey),
      webhookSecret: readSecret(github.webhookSecret),
      apiUrl: github.apiUrl,
      spaced: false,
    },
    startLog('error'),
  );
  if (wrong.length > 0) throw new Error(wrong.join('; '));
  return `${name} at ${github.apiUrl} has what it needs, and no more`;
}

async function tryStore(config: Config): Promise<string> {
  try {
    const { store, migrated } = await openStore(config.store);
    await store.close();
    return `${store.name}${migrated.length > 0 ? `, migrated: ${migrated.join(', ')}` : ''}`;
  } catch (error) {
    if (error instanceof KabiwatchError && error.code === 'store-in-use')
      return `in use by process ${error.facts.process}`;
    throw error;
  }
}

async function tryMailbox(config: Config, list: ListConfig): Promise<string> {
  const account = config.accounts.find(({ name }) => name === list.account);
  if (account === undefined) throw new Error(`no account ${list.account}`);
  const client = await connect({ ...account, password: () => readSecret(account.password) }, { maxIdleMs: 60_000 });
  try {
    const paths = await mailboxes(client, list.mailbox);
    const box = await client.mailboxOpen(paths.at(-1) ?? list.mailbox, { readOnly: true });
    const idle = client.capabilities.has('IDLE') ? 'IDLE' : 'no IDLE, polling';
    return `${account.host}, ${box.path}, ${box.exists} mails, ${idle}`;
  } finally {
    await client.logout().catch(() => {});
  }
}

async function tryArchive({ path, fetch }: NonNullable<ListConfig['publicInbox']>): Promise<string> {
  const newest = epochsOf(path).at(-1);
  if (newest === undefined)
    throw new KabiwatchError('file-unreadable', { path, why: 'no public-inbox archive is there' });
  const mirrored = await askArchive(newest, 'config', '--get', 'remote.origin.mirror').catch(() => '');
  if (fetch && mirrored.trim() !== 'true')
    throw new KabiwatchError('file-unreadable', {
      path: newest,
      why: 'git fetch would bring no mail: it is no mirror',
      remedy: 'git clone --mirror',
    });
  const tip = await tipOf(newest);
  if (tip === null) return `${newest}, no mail yet`;
  const count = (await askArchive(newest, 'rev-list', '--count', tip)).trim();
  return `${newest}, ${count} mails${fetch ? ', fetched' : ''}`;
}

async function tryFolder(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  accessSync(folder, constants.W_OK);
  return 'writable';
}

function tryPort(listen: string): Promise<string> {
  const [, host = '', port = '0'] = /^\[?(.*?)\]?:(\d+)$/.exec(listen) ?? [];
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(Number(port), host || undefined, () => server.close(() => resolve('free')));
  });
}

const remedies: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'is the host right, and the port? Is a firewall between?',
  ENOTFOUND: 'the host name does not resolve',
  ETIMEDOUT: 'nothing answers: is the host right, and the port? Is a firewall between?',
  EAUTH: 'the server refused user or password',
  EADDRINUSE: 'the port is taken: is kabiwatch running already?',
  EACCES: 'this user may not',
  NoConnection: 'the server closed the connection: tls: on-connect is port 993, starttls is 143',
};

function remedy(error: unknown): string {
  const { code, authenticationFailed, serverResponseCode } = error as {
    code?: string;
    authenticationFailed?: boolean;
    serverResponseCode?: string;
  };
  if (authenticationFailed) return '; the server refused user or password';
  if (serverResponseCode === 'NONEXISTENT') return '; there is no such mailbox: look at its name with another client';
  const found = code === undefined ? undefined : remedies[code];
  return found === undefined ? '' : `; ${found}`;
}
