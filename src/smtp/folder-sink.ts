/** Mode dry-run: the reply as it would travel, one .eml a reply. Named by its Message-ID, so a repeat overwrites and adds nothing. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, MailSink } from '../service/ports.js';
import { composeMail } from './compose.js';

export function folderSink(folder: string, clock: Clock): MailSink {
  return {
    name: folder,
    async send(mail) {
      const name = `${mail.messageId.replace(/[^\w.@-]/g, '_')}.eml`;
      try {
        await mkdir(folder, { recursive: true });
        const part = join(folder, `.${name}.part`);
        await writeFile(part, await composeMail(mail, clock.now()));
        await rename(part, join(folder, name));
        return { kind: 'sent', response: `written to ${name}`, rejected: [] };
      } catch (error) {
        return { kind: 'retry', why: (error as Error).message };
      }
    },
  };
}
