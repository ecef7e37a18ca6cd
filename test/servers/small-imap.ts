/**
 * A small IMAP4rev1 server (RFC 3501, IDLE of RFC 2177) for machines without Dovecot: one user, one mailbox in memory, enough for a client that reads.
 * It answers what it does not know with BAD, as the RFC asks, and never claims what it cannot do.
 */
import { createServer, type Socket } from 'node:net';

export interface SmallImap {
  readonly port: number;
  /** Delivers a mail, as a list server would; clients in IDLE are told. */
  deliver(raw: Uint8Array): void;
  /** A command that is never answered from now on, though the server says again and again that it is still there; null: none. */
  hold(command: string | null): void;
  stop(): Promise<void>;
}

interface Mail {
  readonly uid: number;
  readonly raw: Buffer;
  readonly at: Date;
}

export function startSmallImap(user: string, password: string, mailbox = 'INBOX'): Promise<SmallImap> {
  const mails: Mail[] = [];
  const sessions = new Set<Session>();
  const held: Held = { command: null };
  const server = createServer((socket) => {
    const session = new Session(socket, { user, password, mailbox }, mails, held);
    sessions.add(session);
    socket.on('close', () => sessions.delete(session));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({
        port: address !== null && typeof address === 'object' ? address.port : 0,
        deliver(raw) {
          mails.push({ uid: mails.length + 1, raw: Buffer.from(raw), at: new Date() });
          for (const session of sessions) session.announce();
        },
        hold(command) {
          held.command = command;
        },
        stop: () =>
          new Promise((done) => {
            for (const session of sessions) session.end();
            server.close(() => done());
          }),
      });
    });
  });
}

interface Account {
  readonly user: string;
  readonly password: string;
  readonly mailbox: string;
}

interface Held {
  command: string | null;
}

class Session {
  readonly #socket: Socket;
  readonly #account: Account;
  readonly #mails: Mail[];
  #input = Buffer.alloc(0);
  /** Bytes of a literal that are still to come, and the command line so far. */
  #literal = 0;
  #line = '';
  #loggedIn = false;
  #selected = false;
  /** How many mails this client was told of. */
  #told = 0;
  #idleTag: string | null = null;

  readonly #held: Held;

  constructor(socket: Socket, account: Account, mails: Mail[], held: Held) {
    this.#held = held;
    this.#socket = socket;
    this.#account = account;
    this.#mails = mails;
    socket.on('error', () => {});
    socket.on('data', (chunk) => this.#read(chunk));
    this.#say('* OK [CAPABILITY IMAP4rev1 IDLE] small server ready');
  }

  end(): void {
    this.#socket.destroy();
  }

  announce(): void {
    if (this.#idleTag !== null) this.#tellNews();
  }

  #say(line: string): void {
    this.#socket.write(`${line}\r\n`);
  }

  #tellNews(): void {
    if (!this.#selected || this.#told === this.#mails.length) return;
    this.#told = this.#mails.length;
    this.#say(`* ${this.#told} EXISTS`);
  }

  #read(chunk: Buffer): void {
    this.#input = Buffer.concat([this.#input, chunk]);
    for (;;) {
      if (this.#literal > 0) {
        if (this.#input.length < this.#literal) return;
        this.#line += this.#input.subarray(0, this.#literal).toString('latin1');
        this.#input = this.#input.subarray(this.#literal);
        this.#literal = 0;
      }
      const end = this.#input.indexOf('\r\n');
      if (end < 0) return;
      this.#line += this.#input.subarray(0, end).toString('latin1');
      this.#input = this.#input.subarray(end + 2);
      const [, size] = /\{(\d+)\}$/.exec(this.#line) ?? [];
      if (size !== undefined) {
        this.#line = this.#line.replace(/\{\d+\}$/, '');
        this.#literal = Number(size);
        this.#say('+ go on');
        continue;
      }
      const line = this.#line;
      this.#line = '';
      this.#obey(line);
    }
  }

  #obey(line: string): void {
    if (this.#idleTag !== null) {
      const tag = this.#idleTag;
      this.#idleTag = null;
      this.#say(/^done$/i.test(line.trim()) ? `${tag} OK IDLE ended` : `${tag} BAD expected DONE`);
      return;
    }
    const [, tag = '*', uid, name = '', rest = ''] = /^(\S+) (UID )?(\S+) ?(.*)$/is.exec(line) ?? [];
    const command = `${uid ? 'UID ' : ''}${name}`.toUpperCase();
    if (command === this.#held.command) {
      this.#keepWaiting();
      return;
    }
    const answer = this.#answer(command, rest, tag);
    if (answer === null) return;
    this.#tellNews();
    this.#say(`${tag} ${answer}`);
    if (command === 'LOGOUT') this.#socket.end();
  }

  #keepWaiting(): void {
    const saying = setInterval(() => this.#say('* OK Still here'), 50);
    this.#socket.once('close', () => clearInterval(saying));
  }

  /** The text of the tagged answer; null where it comes later (IDLE). */
  #answer(command: string, rest: string, tag: string): string | null {
    switch (command) {
      case 'CAPABILITY':
        this.#say('* CAPABILITY IMAP4rev1 IDLE');
        return 'OK done';
      case 'NOOP':
      case 'CHECK':
        return 'OK done';
      case 'LOGOUT':
        this.#say('* BYE see you');
        return 'OK done';
      case 'LOGIN': {
        const [user, password] = words(rest);
        this.#loggedIn = user === this.#account.user && password === this.#account.password;
        return this.#loggedIn
          ? 'OK [CAPABILITY IMAP4rev1 IDLE] welcome'
          : 'NO [AUTHENTICATIONFAILED] wrong user or password';
      }
    }
    if (!this.#loggedIn) return 'BAD log in first';
    switch (command) {
      case 'LIST':
      case 'LSUB':
        if (words(rest)[1] === '') this.#say(`* ${command} (\\Noselect) "." ""`);
        else this.#say(`* ${command} () "." "${this.#account.mailbox}"`);
        return 'OK done';
      case 'SELECT':
      case 'EXAMINE':
        if (words(rest)[0] !== this.#account.mailbox) return 'NO [NONEXISTENT] no such mailbox';
        this.#selected = true;
        this.#told = this.#mails.length;
        this.#say(`* ${this.#told} EXISTS`);
        this.#say('* 0 RECENT');
        this.#say('* FLAGS (\\Seen)');
        this.#say('* OK [PERMANENTFLAGS ()] none');
        this.#say('* OK [UIDVALIDITY 1] ids are valid');
        this.#say(`* OK [UIDNEXT ${this.#mails.length + 1}] next`);
        return 'OK [READ-ONLY] done';
      case 'STATUS':
        this.#say(
          `* STATUS "${this.#account.mailbox}" (MESSAGES ${this.#mails.length} UIDNEXT ${this.#mails.length + 1} UIDVALIDITY 1)`,
        );
        return 'OK done';
    }
    if (!this.#selected) return 'BAD select a mailbox first';
    switch (command) {
      case 'SEARCH':
      case 'UID SEARCH':
        this.#say(['* SEARCH', ...this.#search(rest)].join(' '));
        return 'OK done';
      case 'FETCH':
      case 'UID FETCH':
        this.#fetch(rest);
        return 'OK done';
      case 'IDLE':
        this.#idleTag = tag;
        this.#say('+ idling');
        this.#tellNews();
        return null;
      default:
        return 'BAD unknown command';
    }
  }

  /** UID set, SINCE and HEADER; sequence numbers and UIDs are the same here, since nothing is ever expunged. */
  #search(text: string): number[] {
    let found = this.#mails;
    const asked = words(text);
    for (let at = 0; at < asked.length; at++) {
      const key = asked[at]?.toUpperCase();
      if (key === 'UID') found = this.#inSet(asked[++at] ?? '', found);
      else if (key === 'SINCE') {
        const day = new Date(`${asked[++at]} 00:00 UTC`);
        found = found.filter((mail) => mail.at >= day);
      } else if (key === 'HEADER') {
        const [header = '', value = ''] = [asked[++at], asked[++at]];
        found = found.filter((mail) => headerOf(mail.raw, header).includes(value));
      }
    }
    return found.map(({ uid }) => uid);
  }

  #inSet(set: string, mails: readonly Mail[]): Mail[] {
    const last = this.#mails.length;
    const ranges = set.split(',').map((part) => {
      const [a = 0, b = a] = part.split(':').map((end) => (end === '*' ? last : Number(end)));
      return [Math.min(a, b), Math.max(a, b)] as const;
    });
    return mails.filter(({ uid }) => ranges.some(([low, high]) => uid >= low && uid <= high));
  }

  #fetch(text: string): void {
    const [, set = '', items = ''] = /^(\S+) (.*)$/s.exec(text) ?? [];
    for (const mail of this.#inSet(set, this.#mails)) {
      const parts = [`UID ${mail.uid}`];
      if (/RFC822\.SIZE/i.test(items)) parts.push(`RFC822.SIZE ${mail.raw.length}`);
      if (/INTERNALDATE/i.test(items)) parts.push(`INTERNALDATE "${imapDate(mail.at)}"`);
      if (/FLAGS/i.test(items)) parts.push('FLAGS ()');
      const body = /BODY(\.PEEK)?\[\]/i.test(items);
      const literal = body ? ` BODY[] {${mail.raw.length}}` : '';
      this.#socket.write(`* ${mail.uid} FETCH (${parts.join(' ')}${literal}`);
      if (body) {
        this.#socket.write('\r\n');
        this.#socket.write(mail.raw);
      }
      this.#say(')');
    }
  }
}

/** Atoms and quoted strings; brackets are left out. */
function words(text: string): string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"|([^\s()]+)/g)].map(
    ([, quoted, atom]) => atom ?? (quoted ?? '').replace(/\\(.)/g, '$1'),
  );
}

function headerOf(raw: Buffer, name: string): string {
  const head = raw.toString('latin1').split(/\r?\n\r?\n/)[0] ?? '';
  const unfolded = head.replace(/\r?\n[ \t]+/g, ' ');
  const line = unfolded.split(/\r?\n/).find((one) => one.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return line ?? '';
}

function imapDate(date: Date): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(date.toUTCString()) ?? [];
  return `${day}-${month}-${year} ${time} +0000`;
}
