/** Small mails of our own making, for tests that put threads together. */
import { type Message, readMessage } from '../../src/mail/message.js';

export interface MailText {
  readonly id: string;
  readonly subject: string;
  readonly from?: string;
  readonly answers?: readonly string[];
  /** Minutes after the first of January 2024. */
  readonly at?: number;
  readonly body?: string;
  readonly fields?: readonly string[];
}

export const diff =
  '--- a/include/linux/box.h\n+++ b/include/linux/box.h\n@@ -1,2 +1,3 @@\n struct box {\n+\tint more;\n };\n';

export function rawMail({ id, subject, from, answers = [], at = 0, body = '', fields = [] }: MailText): string {
  const head = [
    `From: ${from ?? 'Ada Author <ada@example.org>'}`,
    `Subject: ${subject}`,
    `Date: ${new Date(Date.UTC(2024, 0, 1, 0, at)).toUTCString()}`,
    `Message-ID: <${id}>`,
    ...(answers.length === 0 ? [] : [`References: ${answers.map((one) => `<${one}>`).join(' ')}`]),
    ...fields,
  ];
  return `${head.join('\n')}\n\n${body}\n`;
}

export function message(mail: MailText): Promise<Message> {
  return readMessage(Buffer.from(rawMail(mail), 'latin1'));
}

export function patch(id: string, subject: string, at: number, ...answers: string[]): Promise<Message> {
  return message({ id, subject, at, answers, body: diff });
}
