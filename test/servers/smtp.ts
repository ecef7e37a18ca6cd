/** A real SMTP server (smtp-server of npm) that keeps what it takes and can be told to misbehave. */
import { SMTPServer } from 'smtp-server';

export interface TakenMail {
  readonly raw: Buffer;
  readonly from: string;
  readonly to: readonly string[];
  readonly messageId: string;
}

export type Behaviour =
  | { readonly kind: 'take' }
  /** Refuses the text with this reply code. */
  | { readonly kind: 'refuse'; readonly code: number }
  /** Refuses this recipient with 550. */
  | { readonly kind: 'refuse-recipient'; readonly address: string }
  /** Takes the mail and never answers. */
  | { readonly kind: 'swallow' }
  /** Closes the connection in the middle of the text: nothing is taken. */
  | { readonly kind: 'drop' };

export interface SmallSmtp {
  readonly port: number;
  readonly mails: TakenMail[];
  /** What to do with the next mails; `take` when the list is empty. */
  readonly plan: Behaviour[];
  stop(): Promise<void>;
}

/** `taken` is called with each mail before the client is answered: a list server delivers from there. */
export function startSmtp(taken: (mail: TakenMail) => void | Promise<void> = () => {}): Promise<SmallSmtp> {
  const mails: TakenMail[] = [];
  const plan: Behaviour[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    closeTimeout: 100,
    onRcptTo(address, _session, done) {
      const next = plan[0];
      if (next?.kind === 'refuse-recipient' && next.address === address.address) {
        return done(Object.assign(new Error('no such user'), { responseCode: 550 }));
      }
      done();
    },
    onData(stream, session, done) {
      const behaviour = plan.shift() ?? { kind: 'take' };
      const chunks: Buffer[] = [];
      if (behaviour.kind === 'drop') {
        stream.once('data', () => {
          for (const connection of server.connections) connection._socket?.destroy();
        });
      }
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', async () => {
        if (behaviour.kind === 'drop') return;
        if (behaviour.kind === 'refuse')
          return done(Object.assign(new Error('not now'), { responseCode: behaviour.code }));
        const raw = Buffer.concat(chunks);
        const from = session.envelope.mailFrom === false ? '' : session.envelope.mailFrom.address;
        const [, messageId = ''] = /^Message-ID: <(.*)>/im.exec(raw.toString('latin1')) ?? [];
        const mail = { raw, from, to: session.envelope.rcptTo.map(({ address }) => address), messageId };
        mails.push(mail);
        await taken(mail);
        if (behaviour.kind !== 'swallow') done(null, 'queued');
      });
    },
  });
  server.on('error', () => {});
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.server.address();
      resolve({
        port: address !== null && typeof address === 'object' ? address.port : 0,
        mails,
        plan,
        stop: () => new Promise((done) => server.close(() => done())),
      });
    });
  });
}
