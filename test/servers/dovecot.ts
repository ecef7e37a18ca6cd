/** A real Dovecot of Debian's package with one user, in a folder of its own; null where it is not installed or cannot run (it wants root). */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ImapFlow } from 'imapflow';
import { skipped } from '../truth/kernel.js';
import { answers, daemonize, freePort, program, type Running, run, scratchFolder, until } from './run.js';

export interface ImapServer extends Running {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly mailbox: string;
  /** Puts mails into the mailbox, in order. */
  add(mails: readonly Uint8Array[]): Promise<void>;
}

export interface Dovecot extends ImapServer {
  /** Stops answering; the mail stays. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Deletes the mailbox and makes it anew with these mails: UIDVALIDITY changes. */
  remake(mails: readonly Uint8Array[]): Promise<void>;
}

export async function startDovecot(mails: readonly Uint8Array[] = []): Promise<Dovecot | null> {
  const dovecot = program('dovecot');
  if (dovecot === null || process.getuid?.() !== 0) {
    skipped('dovecot-imapd is not installed, or this is not root');
    return null;
  }
  const folder = scratchFolder('dovecot');
  const port = await freePort();
  const config = join(folder.path, 'dovecot.conf');
  writeFileSync(join(folder.path, 'passwd'), 'bot:{PLAIN}secret::::::\n');
  writeFileSync(config, configuration(folder.path, port));
  await run('mkdir', ['-p', join(folder.path, 'mail')]);
  await run('chown', ['-R', 'nobody:nogroup', join(folder.path, 'mail')]);
  await run('chmod', ['755', folder.path]);
  const resume = async () => {
    await daemonize(dovecot, ['-c', config]);
    await until('Dovecot answers', () => answers(port));
  };
  const pause = async () => {
    await run('doveadm', ['-c', config, 'stop']);
    await until('Dovecot is gone', async () => !(await answers(port)));
  };
  await resume();
  const add = (mails: readonly Uint8Array[]) => append(port, 'INBOX.list', mails);
  await add(mails);
  return {
    port,
    user: 'bot',
    password: 'secret',
    mailbox: 'INBOX.list',
    add,
    pause,
    resume,
    async remake(mails) {
      await run('doveadm', ['-c', config, 'mailbox', 'delete', '-u', 'bot', 'INBOX.list']);
      await new Promise((resolve) => setTimeout(resolve, 1100));
      await add(mails);
    },
    async stop() {
      await pause().catch(() => {});
      folder.remove();
    },
  };
}

async function append(port: number, mailbox: string, mails: readonly Uint8Array[]): Promise<void> {
  const client = new ImapFlow({
    host: '127.0.0.1',
    port,
    secure: false,
    auth: { user: 'bot', pass: 'secret' },
    logger: false,
  });
  client.on('error', () => {});
  await client.connect();
  await client.mailboxCreate(mailbox);
  for (const mail of mails) await client.append(mailbox, Buffer.from(mail));
  await client.logout();
}

function configuration(folder: string, port: number): string {
  return `
base_dir = ${folder}/run
state_dir = ${folder}/state
instance_name = kabiwatch-${port}
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
log_path = ${folder}/dovecot.log
default_login_user = dovenull
default_internal_user = dovecot
default_internal_group = dovecot
first_valid_uid = 0
mail_location = maildir:${folder}/mail/%u
mail_max_userip_connections = 100
passdb {
  driver = passwd-file
  args = username_format=%u ${folder}/passwd
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=${folder}/mail/%u
}
service imap-login {
  chroot =
  inet_listener imap {
    address = 127.0.0.1
    port = ${port}
  }
  inet_listener imaps {
    port = 0
  }
}
service stats {
  chroot =
}
service anvil {
  chroot =
}
namespace inbox {
  inbox = yes
  separator = .
}
`;
}
