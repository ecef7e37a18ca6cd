/**
 * A git repository's object store, asked synchronously: one `git cat-file --batch` for as long as the process lives, never a checkout,
 * never a fetch. A process a file would cost more than the file, and a kernel unit asks for some 850 files.
 *
 * Questions and answers go through two named pipes, because Node's own pipes can only be read by returning to its event loop. The child
 * ends by itself when this process does: its standard input ends.
 */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KabiwatchError } from '../../errors.js';

const safe = ['--no-replace-objects', '-c', 'protocol.allow=never', '-c', 'core.fsmonitor=false'];
const mostKept = 512 * 1024 * 1024;
/** Ids a question: all of it fits into a pipe, so that no side waits for the other to read. */
const idsAtOnce = 500;

export class GitObjects {
  readonly dir: string;
  /** Contents by blob id. */
  readonly #blobs = new Map<string, Uint8Array>();
  #bytes = 0;
  #batch: Batch | null = null;

  constructor(dir: string) {
    this.dir = dir;
  }

  /** What git prints; `place` is told where it fails. Throws `tree-not-found`. */
  run(args: readonly string[], place: Readonly<Record<string, string>>, input = ''): Buffer {
    const done = spawnSync('git', ['-C', this.dir, ...safe, ...args], {
      input,
      maxBuffer: 1 << 30,
      env: environment(),
    });
    if (done.error !== undefined) throw new KabiwatchError('tree-not-found', place, { cause: done.error });
    if (done.status !== 0) {
      const why = done.stderr.toString('latin1').trim().slice(0, 300);
      throw new KabiwatchError('tree-not-found', { ...place, ...(why === '' ? {} : { why }) });
    }
    return done.stdout;
  }

  /** What git prints, or null where it says no. */
  ask(args: readonly string[], input = ''): string | null {
    const done = spawnSync('git', ['-C', this.dir, ...safe, ...args], {
      input,
      maxBuffer: 1 << 30,
      env: environment(),
    });
    return done.status === 0 ? done.stdout.toString('latin1') : null;
  }

  /** The content of `wanted`, null where the store has no such blob; `along` is read with it where it has to be asked at all. */
  blob(wanted: string, along: readonly string[] = []): Uint8Array | null {
    const known = this.#blobs.get(wanted);
    if (known !== undefined) return known;
    if (this.#bytes > mostKept) {
      this.#blobs.clear();
      this.#bytes = 0;
    }
    const ids = [wanted, ...along.filter((id) => id !== wanted && !this.#blobs.has(id))];
    for (let at = 0; at < ids.length; at += idsAtOnce) this.#read(ids.slice(at, at + idsAtOnce));
    return this.#blobs.get(wanted) ?? null;
  }

  #read(ids: readonly string[]): void {
    this.#batch ??= new Batch(this.dir);
    for (const [index, bytes] of this.#batch.contents(ids).entries()) {
      if (bytes === null) continue;
      this.#blobs.set(ids[index] as string, bytes);
      this.#bytes += bytes.length;
    }
  }

  /** Ends the child; a later question starts another. */
  close(): void {
    this.#batch?.close();
    this.#batch = null;
  }
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, GIT_CONFIG_NOSYSTEM: '1', GIT_NO_LAZY_FETCH: '1', GIT_TERMINAL_PROMPT: '0' };
}

/** One `git cat-file --batch`. */
class Batch {
  readonly #dir: string;
  readonly #questions: number;
  readonly #answers: number;
  #held = Buffer.alloc(1 << 16);
  /** What was read and not used yet: from, to. */
  #from = 0;
  #to = 0;

  constructor(dir: string) {
    this.#dir = dir;
    const folder = mkdtempSync(join(tmpdir(), 'kabiwatch-git-'));
    try {
      const [asked, told] = [join(folder, 'asked'), join(folder, 'told')];
      if (spawnSync('mkfifo', ['-m', '600', asked, told]).status !== 0)
        throw new KabiwatchError('tree-not-found', { path: dir, why: 'mkfifo is needed to ask git' });
      // Opened for both directions first: opening one end of a named pipe waits for the other.
      const [childIn, childOut] = [openSync(asked, constants.O_RDWR), openSync(told, constants.O_RDWR)];
      this.#questions = openSync(asked, constants.O_WRONLY);
      this.#answers = openSync(told, constants.O_RDONLY);
      const reading = openSync(asked, constants.O_RDONLY);
      const writing = openSync(told, constants.O_WRONLY);
      const child = spawn('git', ['-C', dir, ...safe, 'cat-file', '--batch'], {
        stdio: [reading, writing, 'ignore'],
        env: environment(),
      });
      child.on('error', () => undefined);
      child.unref();
      // From here the child alone reads questions and writes answers: when it ends, reading ends.
      for (const end of [childIn, childOut, reading, writing]) closeSync(end);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** In the order of the ids; null for what is missing or no blob. */
  contents(ids: readonly string[]): (Uint8Array | null)[] {
    try {
      writeSync(this.#questions, `${ids.join('\n')}\n`);
    } catch (cause) {
      throw new KabiwatchError('tree-not-found', { path: this.#dir, why: 'git cat-file ended' }, { cause });
    }
    return ids.map(() => this.#answer());
  }

  /** `ID TYPE SIZE`, a line, then the bytes and a line end; `ID missing` for what a shallow or partial clone lacks. */
  #answer(): Uint8Array | null {
    const [, kind = '', size] = this.#line().split(' ');
    if (size === undefined || !/^\d+$/.test(size)) return null;
    const bytes = this.#bytes(Number(size));
    this.#bytes(1);
    return kind === 'blob' ? bytes : null;
  }

  #line(): string {
    for (;;) {
      const end = this.#held.subarray(this.#from, this.#to).indexOf(10);
      if (end >= 0) {
        const line = this.#held.toString('latin1', this.#from, this.#from + end);
        this.#from += end + 1;
        return line;
      }
      this.#more();
    }
  }

  #bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count; ) {
      if (this.#from === this.#to) this.#more();
      const take = Math.min(count - at, this.#to - this.#from);
      bytes.set(this.#held.subarray(this.#from, this.#from + take), at);
      this.#from += take;
      at += take;
    }
    return bytes;
  }

  #more(): void {
    this.#held.copyWithin(0, this.#from, this.#to);
    this.#to -= this.#from;
    this.#from = 0;
    if (this.#to === this.#held.length) this.#held = Buffer.concat([this.#held], this.#held.length * 2);
    const length = readSync(this.#answers, this.#held, this.#to, this.#held.length - this.#to, null);
    if (length === 0) throw new KabiwatchError('tree-not-found', { path: this.#dir, why: 'git cat-file ended' });
    this.#to += length;
  }

  close(): void {
    closeSync(this.#questions);
    closeSync(this.#answers);
  }
}
