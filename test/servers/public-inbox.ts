/** A real public-inbox with its IMAP server (what lore and sourceware run), in a folder of its own; null where it is not installed. */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { skipped } from '../truth/kernel.js';
import type { ImapServer } from './dovecot.js';
import { answers, end, freePort, program, run, scratchFolder, start, until } from './run.js';

export async function startPublicInbox(mails: readonly Uint8Array[]): Promise<ImapServer | null> {
  const imapd = program('public-inbox-imapd');
  if (imapd === null) {
    skipped('public-inbox is not installed');
    return null;
  }
  const folder = scratchFolder('public-inbox');
  const home = join(folder.path, 'home');
  const inbox = join(folder.path, 'inbox');
  mkdirSync(home);
  const env = { ...process.env, PI_CONFIG: join(folder.path, 'config'), HOME: home };
  await run('git', ['config', '--global', 'user.email', 't@example.org'], { env });
  await run('git', ['config', '--global', 'user.name', 't'], { env });
  await run(
    'public-inbox-init',
    ['-V2', '--ng', 'inbox.test.list', 'list', inbox, 'http://127.0.0.1/list', 'list@example.org'],
    { env },
  );
  const add = async (more: readonly Uint8Array[]) => {
    await importMails(join(inbox, 'git/0.git'), more);
    await run('public-inbox-index', ['-j0', inbox], { env });
  };
  await add(mails);
  const port = await freePort();
  const child = start(imapd, ['-l', `imap://127.0.0.1:${port}`, '-W0'], { env });
  await until('public-inbox-imapd answers', () => answers(port));
  return {
    port,
    user: 'anonymous',
    password: 'anonymous',
    mailbox: 'INBOX.test.list',
    add,
    async stop() {
      await end(child);
      folder.remove();
    },
  };
}

/** The archive is a git repository with a commit a mail, the mail in the file `m`: written straight, public-inbox-mda needs 0.3 s a mail. */
async function importMails(repository: string, mails: readonly Uint8Array[]): Promise<void> {
  if (mails.length === 0) return;
  const git = spawn('git', ['--git-dir', repository, 'fast-import', '--quiet'], { stdio: ['pipe', 'ignore', 'pipe'] });
  let said = '';
  git.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const done = new Promise<void>((resolve, reject) => {
    git.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`git fast-import: ${said}`))));
  });
  const existing = await run('git', ['--git-dir', repository, 'rev-parse', '-q', '--verify', 'refs/heads/master']).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  );
  const seconds = Math.floor(Date.now() / 1000);
  mails.forEach((mail, n) => {
    const text = Buffer.from(Buffer.from(mail).toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
    const from = n === 0 && existing ? `from ${existing}\n` : '';
    git.stdin.write(
      `commit refs/heads/master\ncommitter t <t@example.org> ${seconds} +0000\ndata 1\nx\n${from}M 100644 inline m\ndata ${text.length}\n`,
    );
    git.stdin.write(text);
    git.stdin.write('\n');
  });
  git.stdin.end('done\n');
  await done;
}
