/**
 * A public-inbox archive -> its mails, oldest first. An archive is a repository, or a folder of them, one an epoch (`git/0.git`, `git/1.git`, …;
 * v2). A commit adds a mail: in v2 as the file `m`, in v1 as a file named for its Message-ID. One `git cat-file --batch` an epoch reads them
 * all; nothing is checked out.
 */
import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { KabiwatchError } from '../../errors.js';

/** A mail's place. */
export interface ArchivedName {
  /** The epoch's repository. */
  readonly repository: string;
  /** The commit that added it: where a later run can go on. */
  readonly at: string;
  /** When it was added, by the archive's clock. */
  readonly addedAt: Date;
  /** As git names it: `COMMIT:m`, or a blob. */
  readonly object: string;
}

export interface ArchivedMail {
  readonly at: string;
  readonly raw: Buffer;
}

export function isArchive(path: string): boolean {
  return isRepository(path) || epochsIn(path).length > 0;
}

function isRepository(path: string): boolean {
  const isBare = (dir: string): boolean => existsSync(join(dir, 'HEAD')) && existsSync(join(dir, 'objects'));
  return isBare(path) || isBare(join(path, '.git'));
}

/** The repositories of an archive, oldest epoch first; none where it is no archive. */
export function epochsOf(path: string): string[] {
  return isRepository(path) ? [path] : epochsIn(path);
}

/** As public-inbox lays them out, and as mirrors of it do. */
function epochsIn(path: string): string[] {
  for (const dir of [join(path, 'git'), path]) {
    const epochs = (existsSync(dir) ? readdirSync(dir) : [])
      .flatMap((name) => /^(\d{1,6})\.git$/.exec(name)?.[1] ?? [])
      .sort((one, other) => Number(one) - Number(other));
    if (epochs.length > 0) return epochs.map((epoch) => join(dir, `${epoch}.git`));
  }
  return [];
}

const ask = promisify(execFile);

/** What git prints. Throws `file-unreadable`. */
export async function askArchive(repository: string, ...args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await ask('git', ['-C', repository, '--no-replace-objects', ...args], {
      encoding: 'latin1',
      maxBuffer: 1 << 30,
      env: { ...process.env, GIT_TERMINAL_PROMPT: '0' },
    });
    return stdout;
  } catch (cause) {
    const said = String((cause as { stderr?: unknown }).stderr ?? '').trim();
    throw new KabiwatchError(
      'file-unreadable',
      { path: repository, why: said === '' ? 'git cannot read it' : `git: ${said.slice(0, 300)}` },
      { cause },
    );
  }
}

/** Places of the archive's mails, oldest first; those after the commit `after`. Throws `file-unreadable`. */
export async function archivedNames(path: string, after: string | null = null): Promise<ArchivedName[]> {
  const names: ArchivedName[] = [];
  let from = after;
  for (const repository of await epochsFrom(epochsOf(path), after)) {
    names.push(...(await namesIn(repository, from)));
    from = null;
  }
  return names;
}

/** Without those whose mails all came before the commit. */
async function epochsFrom(epochs: readonly string[], after: string | null): Promise<readonly string[]> {
  if (after === null) return epochs;
  for (const [index, repository] of epochs.entries()) {
    const found = await askArchive(repository, 'cat-file', '-e', `${after}^{commit}`).catch(() => null);
    if (found !== null) return epochs.slice(index);
  }
  throw new KabiwatchError('file-unreadable', { path: epochs.join(', '), why: `the commit ${after} is not in it` });
}

/** Of one repository; the object of a commit that takes a mail away may be missing. Throws `file-unreadable`. */
export async function namesIn(repository: string, after: string | null): Promise<ArchivedName[]> {
  if ((await tipOf(repository)) === null) return [];
  const range = after === null ? 'HEAD' : `${after}..HEAD`;
  const log = (...options: readonly string[]): Promise<string> =>
    askArchive(repository, 'log', '--reverse', '--format=commit %H %ct', ...options, '--end-of-options', range);
  const isSecond = /\t[md]$/m.test(await askArchive(repository, 'ls-tree', 'HEAD'));
  // The same mail twice in a row changes nothing in the tree: the commits are the mails.
  if (isSecond) return placesIn(repository, await log()).map(({ place }) => ({ ...place, object: `${place.at}:m` }));
  const changes = await log('--raw', '--no-abbrev', '--no-renames', '--diff-filter=AM');
  return placesIn(repository, changes).flatMap(({ lines, place }) =>
    lines.flatMap((line) => {
      const [, object] = /^:\d+ 100\d+ [0-9a-f]+ ([0-9a-f]+) [AM]\t[0-9a-f]{2}\/[0-9a-f]{38}$/.exec(line) ?? [];
      return object === undefined ? [] : [{ ...place, object }];
    }),
  );
}

interface LoggedCommit {
  readonly place: Omit<ArchivedName, 'object'>;
  readonly lines: readonly string[];
}

/** What `log` prints, commit by commit. */
function placesIn(repository: string, log: string): LoggedCommit[] {
  return log
    .split(/^commit /m)
    .slice(1)
    .map((text) => {
      const [head = '', ...lines] = text.split('\n');
      const [commit = '', time = '0'] = head.split(' ');
      return { place: { repository, at: commit, addedAt: new Date(Number(time) * 1000) }, lines };
    });
}

/** The newest commit; null where there is none yet. */
export async function tipOf(repository: string): Promise<string | null> {
  const tip = await askArchive(repository, 'rev-parse', '--verify', '--quiet', 'HEAD').catch(
    (error: KabiwatchError) => {
      // A repository without a commit says nothing; one that cannot be read says why.
      if (error.facts.why === 'git cannot read it') return '';
      throw error;
    },
  );
  return tip.trim() || null;
}

/** Throws `file-unreadable`. */
export async function* mailsInGit(path: string, given?: readonly ArchivedName[]): AsyncGenerator<ArchivedMail> {
  const names = given ?? (await archivedNames(path));
  for (let from = 0; from < names.length; ) {
    const { repository } = names[from] as ArchivedName;
    const end = names.findIndex((name, index) => index > from && name.repository !== repository);
    const some = names.slice(from, end === -1 ? names.length : end);
    yield* mailsIn(repository, some);
    from += some.length;
  }
}

async function* mailsIn(repository: string, names: readonly ArchivedName[]): AsyncGenerator<ArchivedMail> {
  const git = spawn('git', ['-C', repository, '--no-replace-objects', 'cat-file', '--batch', '--buffer']);
  git.stdin.on('error', () => undefined);
  git.stderr.resume();
  git.stdin.end(`${names.map(({ object }) => object).join('\n')}\n`);
  try {
    let index = 0;
    for await (const raw of answers(git)) {
      const name = names[index++];
      if (name !== undefined && raw !== null) yield { at: name.at, raw };
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
