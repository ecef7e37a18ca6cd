/** `kabiwatch github …`: makes the App from its manifest. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { KabiwatchError } from '../errors.js';
import { convertManifest, manifestFor } from '../github/setup.js';

export function addGithub(program: Command): void {
  const github = program.command('github').description('set up the GitHub App');
  github
    .command('manifest')
    .description(
      'print the App manifest: paste it into the field "manifest" of a form posted to GITHUB/settings/apps/new',
    )
    .requiredOption('--url <url>', 'where GitHub reaches this service')
    .action(({ url }: { url: string }) => {
      console.log(manifestFor(url));
    });
  github
    .command('convert')
    .description(
      'turn the code that GitHub gave for the manifest into the App: its secrets go into files, never to the screen',
    )
    .argument('<code>', 'the code from the address that GitHub led back to')
    .option('--api <url>', 'of an Enterprise server: https://HOST/api/v3', 'https://api.github.com')
    .option('--folder <dir>', 'where the secrets are written', '.')
    .action(async (code: string, { api, folder }: { api: string; folder: string }) => {
      const app = await convertManifest(api, code).catch((cause: Error) => {
        throw new KabiwatchError('usage', { code, why: cause.message }, { cause });
      });
      const secret = (name: string, text: string): string => {
        const path = join(folder, name);
        writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
        return path;
      };
      const key = secret('github-private-key.pem', app.privateKey);
      const hook = secret('github-webhook-secret', app.webhookSecret);
      console.log(
        `# ${app.slug} was made. Put this into kabiwatch.yaml:\ngithub:\n  appId: ${app.appId}\n  privateKey: { file: ${key} }\n  webhookSecret: { file: ${hook} }`,
      );
    });
}
