/** OutgoingMail -> bytes as they travel: plain text, nothing read from files or URLs, Message-ID and headers exactly as planned. */
import MailComposer from 'nodemailer/lib/mail-composer';
import type { OutgoingMail } from '../service/ports.js';

export async function composeMail(mail: OutgoingMail, date: Date): Promise<Buffer> {
  const composer = new MailComposer({
    from: mail.from,
    to: [...mail.to],
    cc: [...mail.cc],
    ...(mail.replyTo === null ? {} : { replyTo: mail.replyTo }),
    subject: mail.subject,
    messageId: `<${mail.messageId}>`,
    ...(mail.inReplyTo === null ? {} : { inReplyTo: `<${mail.inReplyTo}>` }),
    ...(mail.references.length === 0 ? {} : { references: mail.references.map((id) => `<${id}>`) }),
    date,
    headers: { ...mail.headers },
    text: mail.text,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return new Promise((resolve, reject) => {
    composer.compile().build((error, bytes) => (error ? reject(error) : resolve(bytes as Buffer)));
  });
}

/** Everyone the envelope names, each once. */
export function recipientsOf(mail: OutgoingMail): string[] {
  return [...new Set([...mail.to, ...mail.cc, ...mail.bcc])];
}
