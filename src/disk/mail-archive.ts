/**
 * A public-inbox archive -> its mails, oldest first: v2 holds a commit a mail with the message in the file `m`; v1 a tree of blobs. One
 * `git cat-file --batch` reads them all.
 */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KabiwatchError } from '../errors.js';

export interface ArchivedMail {
  /** Object name of the commit (v2) or the blob (v1): where a later run can go on. */
  readonly at: string;
  readonly raw: Buffer;
}

export function isGitDirectory(path: string): boolean {
  const isBare = (dir: string): boolean => existsSync(join(dir, 'HEAD')) && existsSync(join(dir, 'objects'));
  return isBare(path) || isBare(join(path, '.git'));
}

/** Names of the archive's mails, oldest first; those after `after`, where it is one of them. */
export function archivedNames(path: string, after: string | null = null): string[] {
  const git = (...args: string[]): string[] =>
    execFileSync('git', ['-C', path, ...args], {
      encoding: 'utf8',
      maxBuffer: 1 << 30,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
      .split('\n')
      .filter((line) => line !== '');
  try {
    const isFlat = git('ls-tree', 'HEAD').some((line) => /\t[md]$/.test(line));
    const range = after === null ? 'HEAD' : `${after}..HEAD`;
    if (isFlat) return git('rev-list', '--reverse', range).map((commit) => `${commit}:m`);
    return git('ls-tree', '-r', 'HEAD').flatMap((line) => /^\d+ blob ([0-9a-f]+)\t/.exec(line)?.[1] ?? []);
  } catch (cause) {
    throw new KabiwatchError('file-unreadable', { path, why: 'git cannot read it' }, { cause });
  }
}

/** Throws `file-unreadable`. A commit without `m` (a deletion) is left out. */
export async function* mailsInGit(path: string, names = archivedNames(path)): AsyncGenerator<ArchivedMail> {
  const git = spawn('git', ['-C', path, 'cat-file', '--batch', '--buffer']);
  git.stdin.on('error', () => undefined);
  git.stderr.resume();
  git.stdin.end(`${names.join('\n')}\n`);
  try {
    let at = 0;
    for await (const raw of answers(git)) {
      const name = names[at++];
      if (name !== undefined && raw !== null) yield { at: name.replace(/:m$/, ''), raw };
    }
  } finally {
    git.kill();
  }
}

/** `<oid> blob <size>\n<bytes>\n` each; null for `… missing`. */
async function* answers(git: ChildProcessWithoutNullStreams): AsyncGenerator<Buffer | null> {
  let held: Buffer[] = [];
  let length = 0;
  let wanted = 1;
  for await (const chunk of git.stdout as AsyncIterable<Buffer>) {
    held.push(chunk);
    length += chunk.length;
    if (length < wanted) continue;
    let bytes = held.length === 1 ? (held[0] as Buffer) : Buffer.concat(held);
    for (;;) {
      const end = bytes.indexOf(0x0a);
      if (end === -1) {
        wanted = bytes.length + 1;
        break;
      }
      const head = bytes.subarray(0, end).toString('latin1');
      const size = Number(/ blob (\d+)$/.exec(head)?.[1] ?? -1);
      if (size === -1) {
        yield null;
        bytes = bytes.subarray(end + 1);
        continue;
      }
      wanted = end + 1 + size + 1;
      if (bytes.length < wanted) break;
      yield Buffer.from(bytes.subarray(end + 1, end + 1 + size));
      bytes = bytes.subarray(wanted);
    }
    held = [bytes];
    length = bytes.length;
  }
}
