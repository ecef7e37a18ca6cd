/** `kabiwatch github …`: makes the App from its manifest. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { KabiwatchError } from '../errors.js';
import { convertManifest, manifestFor, type NewApp } from '../github/setup.js';
import { setUpApp } from '../github/setup-flow.js';

const publicApi = 'https://api.github.com';

interface Kept {
  readonly api: string;
  readonly folder: string;
}

export function addGithub(program: Command): void {
  const github = program.command('github').description('set up the GitHub App');
  github
    .command('setup')
    .description('make the App: opens a page on this machine whose button leads to GitHub, and writes what comes back')
    .requiredOption('--url <url>', 'where GitHub reaches this service')
    .option('--organization <name>', 'whose App it is, if not your own')
    .option('--api <url>', 'of an Enterprise server: https://HOST/api/v3', publicApi)
    .option('--folder <dir>', 'where the secrets are written', '.')
    .option('--port <number>', 'of the page', '3000')
    .action(
      async ({ url, organization, port, ...kept }: Kept & { url: string; organization?: string; port: string }) => {
        const flow = {
          url: checked(url),
          apiUrl: checked(kept.api),
          organisation: organization ?? null,
          port: Number(port),
        };
        prepare(kept.folder);
        keep(
          await setUpApp(flow, (address) => console.error(`Open ${address} in a browser on this machine.`)).catch(
            refused(kept.api),
          ),
          kept,
        );
      },
    );
  github
    .command('manifest')
    .description(
      'print the App manifest, for a machine without a browser: a form posts it as "manifest" to GITHUB/settings/apps/new',
    )
    .requiredOption('--url <url>', 'where GitHub reaches this service')
    .action(({ url }: { url: string }) => {
      console.log(manifestFor(checked(url)));
    });
  github
    .command('convert')
    .description(
      'turn the code that GitHub gave for the manifest into the App: its secrets go into files, never to the screen',
    )
    .argument('<code>', 'the code from the address that GitHub led back to')
    .option('--api <url>', 'of an Enterprise server: https://HOST/api/v3', publicApi)
    .option('--folder <dir>', 'where the secrets are written', '.')
    .action(async (code: string, kept: Kept) => {
      prepare(kept.folder);
      keep(await convertManifest(checked(kept.api), code).catch(refused(kept.api)), kept);
    });
}

function checked(url: string): string {
  if (!/^https?:$/.test(protocolOf(url)))
    throw new KabiwatchError('usage', { url, remedy: 'write an address: https://kabi.example.org' });
  return url;
}

function protocolOf(url: string): string {
  try {
    return new URL(url).protocol;
  } catch {
    return '';
  }
}

function refused(api: string): (cause: Error) => never {
  return (cause) => {
    throw new KabiwatchError(
      'usage',
      { api, why: cause.message, remedy: 'a code is good for one hour and one use' },
      { cause },
    );
  };
}

const secrets = { key: 'github-private-key.pem', hook: 'github-webhook-secret' };

/** Before a code is used up: what cannot be written then would be lost. */
function prepare(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const name of Object.values(secrets)) {
    const path = join(folder, name);
    if (existsSync(path))
      throw new KabiwatchError('file-unwritable', {
        path,
        why: 'it is there already',
        remedy: 'move it, or name another --folder',
      });
  }
}

function keep(app: NewApp, { api, folder }: Kept): void {
  const write = (name: string, text: string): string => {
    const path = resolve(folder, name);
    writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
    return path;
  };
  const key = write(secrets.key, app.privateKey);
  const hook = write(secrets.hook, app.webhookSecret);
  const enterprise = api === publicApi ? '' : `\n  apiUrl: ${api}`;
  console.log(
    `# ${app.slug} was made. Put this into kabiwatch.yaml:\ngithub:\n  appId: ${app.appId}\n  privateKey: { file: ${JSON.stringify(key)} }\n  webhookSecret: { file: ${JSON.stringify(hook)} }${enterprise}`,
  );
}
