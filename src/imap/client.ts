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

/** What a server or the network said, in one line without secrets. */
export function told(error: unknown): string {
  const { responseText, code, message } = error as { responseText?: string; code?: string; message?: string };
  return [code, responseText ?? message ?? String(error)].filter(Boolean).join(': ').replace(/\s+/g, ' ').slice(0, 300);
}
