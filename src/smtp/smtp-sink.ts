/**
 * SMTP as a MailSink. One connection a mail: replies are few, and a fresh connection has no state to be wrong about.
 *
 * The one hard question is what a lost answer means. Before the text was asked for (354) nothing can have been taken: retry. After that, without
 * an answer, the mail may have been taken: unsure. A timeout's own words do not tell the two apart, so the text is handed over as a
 * stream that notes when it is first read.
 */
import { Readable } from 'node:stream';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { Clock, MailSink, OutgoingMail, SendResult } from '../service/ports.js';
import { composeMail, recipientsOf } from './compose.js';

export interface SmtpAccount {
  readonly host: string;
  readonly port: number;
  readonly tls: 'on-connect' | 'starttls' | 'none';
  readonly user: string | null;
  readonly password: (() => string) | null;
  readonly timeoutMs: number;
}

export function smtpSink(account: SmtpAccount, clock: Clock): MailSink {
  return {
    name: `${account.host}:${account.port}`,
    async send(mail) {
      const bytes = await composeMail(mail, clock.now());
      const connection = connectionFor(account);
      try {
        await open(connection, account);
        return await transmit(connection, mail, bytes);
      } catch (error) {
        return refused(error);
      } finally {
        connection.close();
      }
    },
  };
}

/** Connects and logs in and out: what `kabiwatch doctor` asks. */
export async function verifySmtp(account: SmtpAccount): Promise<void> {
  const connection = connectionFor(account);
  try {
    await open(connection, account);
  } finally {
    connection.close();
  }
}

function connectionFor(account: SmtpAccount): SMTPConnection {
  return new SMTPConnection({
    host: account.host,
    port: account.port,
    secure: account.tls === 'on-connect',
    requireTLS: account.tls === 'starttls',
    ignoreTLS: account.tls === 'none',
    connectionTimeout: account.timeoutMs,
    greetingTimeout: account.timeoutMs,
    socketTimeout: account.timeoutMs,
    logger: false,
  });
}

async function open(connection: SMTPConnection, account: SmtpAccount): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    connection.once('error', reject);
    connection.connect((error) => (error ? reject(error) : resolve()));
  });
  const { user, password } = account;
  if (user === null || password === null) return;
  await new Promise<void>((resolve, reject) => {
    connection.login({ user, pass: password() }, (error) => (error ? reject(error) : resolve()));
  });
}

async function transmit(connection: SMTPConnection, mail: OutgoingMail, bytes: Buffer): Promise<SendResult> {
  let underWay = false;
  const text = new Readable({
    read() {
      underWay = true;
      this.push(bytes);
      this.push(null);
    },
  });
  return new Promise((resolve) => {
    const fail = (error: unknown) =>
      resolve(underWay && answerOf(error) === null ? { kind: 'unsure', why: told(error) } : refused(error));
    connection.once('error', fail);
    connection.once('end', () => fail(new Error('the server closed the connection')));
    connection.send({ from: mail.from.replace(/^.*<(.*)>$/s, '$1'), to: recipientsOf(mail) }, text, (error, info) => {
      if (error) return fail(error);
      const rejected = (info?.rejected ?? []).map((address) => String(address));
      resolve({ kind: 'sent', response: String(info?.response ?? ''), rejected });
    });
  });
}

/** The server's reply code, or null when there was none. */
function answerOf(error: unknown): number | null {
  const code = (error as { responseCode?: unknown }).responseCode;
  return typeof code === 'number' ? code : null;
}

/** 5xx is for good; everything else (4xx, no connection, no login service) may pass. A refused login is for the owner to mend. */
function refused(error: unknown): SendResult {
  const answer = answerOf(error);
  const login = (error as { code?: unknown }).code === 'EAUTH';
  return answer !== null && answer >= 500 && !login
    ? { kind: 'failed', why: told(error) }
    : { kind: 'retry', why: told(error) };
}

function told(error: unknown): string {
  const { code, response, message } = error as { code?: string; response?: string; message?: string };
  return [code, response ?? message ?? String(error)].filter(Boolean).join(': ').replace(/\s+/g, ' ').slice(0, 300);
}
