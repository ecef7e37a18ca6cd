/** `kabiwatch serve` on a public-inbox archive in git: what stands there is reviewed, and what comes is too. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { diff, rawMail } from '../mail/mails.js';
import { gitArchive } from '../servers/archive.js';
import { scratchFolder, until } from '../servers/run.js';
import { configuration, startProcess } from '../servers/service.js';

const mail = (id: string, subject: string, at: number, ...answers: string[]): Buffer =>
  Buffer.from(rawMail({ id, subject, at, answers, body: `Why.\n---\n${diff}` }));

test('the series of an archive are reviewed as they come, once', async () => {
  const folder = scratchFolder('serve-archive');
  const origin = gitArchive(join(folder.path, 'origin.git'));
  origin.add(mail('1@x', '[PATCH 1/2] x: one', 0), mail('2@x', '[PATCH 2/2] x: two', 1, '1@x'));
  const mirror = join(folder.path, 'list.git');
  execFileSync('git', ['clone', '-q', '--mirror', origin.path, mirror]);
  const shared = { publicInbox: { path: './list.git', fetch: true }, start: 'all', reply: 'always' };
  const lists = ['first', 'second'].map((name) => ({ ...shared, name, address: `${name}@example.org` }));
  const servers = { imapPort: 1, user: 'u', mailbox: 'INBOX', smtpPort: 1 };
  const settings = configuration(folder.path, servers, { watching: { poll: '1s' }, lists });
  const service = startProcess(join(folder.path, 'kabiwatch.yaml'), settings);
  const reviewed = () =>
    service.lines.filter(({ msg }) => msg === 'reviewed').map(({ series, list }) => [series, list]);
  try {
    await until('the first is reviewed', () => reviewed().length === 1, 120_000);
    const v2 = [mail('3@x', '[PATCH v2 1/2] x: one', 60), mail('4@x', '[PATCH v2 2/2] x: two', 61, '3@x')];
    origin.add(...v2.map((raw) => Buffer.concat([Buffer.from('List-Id: <second.example.org>\n'), raw])));
    await until('the second is', () => reviewed().length === 2, 120_000);
    // Both are on the one mailbox; List-Id says whose a mail is.
    expect(reviewed()).toEqual([
      ['1@x', 'first'],
      ['3@x', 'second'],
    ]);
    await until('they are answered', () => readdirSync(join(folder.path, 'replies')).length === 2, 60_000);
    const health = await (await fetch(`http://127.0.0.1:${service.port()}/healthz`)).text();
    expect(health).toContain(`watching ${mirror}`);
  } finally {
    await service.stop();
    folder.remove();
  }
}, 400_000);
