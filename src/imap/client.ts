/** One IMAP connection. imapflow under faults: an `error` listener must be there before connect(), and an instance is used once. */
import { ImapFlow } from 'imapflow';

export interface ImapAccount {
  readonly host: string;
  readonly port: number;
  readonly tls: 'on-connect' | 'starttls' | 'none';
  readonly user: string;
  /** Read when a connection is made, kept nowhere. */
  readonly password: () => string;
}

export async function connect(account: ImapAccount, options: { readonly maxIdleMs: number }): Promise<ImapFlow> {
  const client = new ImapFlow({
    host: account.host,
    port: account.port,
    secure: account.tls === 'on-connect',
    ...(account.tls === 'starttls' ? { doSTARTTLS: true } : account.tls === 'none' ? { doSTARTTLS: false } : {}),
    auth: { user: account.user, pass: account.password() },
    logger: false,
    maxIdleTime: options.maxIdleMs,
    disableAutoIdle: true,
    connectionTimeout: 30_000,
    greetingTimeout: 20_000,
    socketTimeout: 120_000,
    clientInfo: { name: 'kabiwatch' },
  });
  // What went wrong is told by the command that fails; without a listener an ECONNRESET would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    client.close();
    throw error;
  }
  return client;
}

/**
 * The answer to a command. A server that gives none within the time is left, however much else it says: the socket's own limit counts from the
 * last byte, and `* OK Still here` every minute would keep a SEARCH waiting for ever.
 */
export async function answerOf<T>(client: ImapFlow, command: string, limitMs: number, asked: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${command} had no answer within ${limitMs / 1000} s`));
      client.close();
    }, limitMs);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
    // Closing fails it, too, when nobody listens any more.
    asked.catch(() => {});
  }
}

/** What a server or the network said, in one line without secrets. */
export function told(error: unknown): string {
  const { responseText, code, message } = error as { responseText?: string; code?: string; message?: string };
  return [code, responseText ?? message ?? String(error)].filter(Boolean).join(': ').replace(/\s+/g, ' ').slice(0, 300);
}
