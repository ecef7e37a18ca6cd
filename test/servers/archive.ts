/** A public-inbox archive that git makes: a commit a mail, as `m` (v2) or under its Message-ID's hash (v1). */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';

export interface GitArchive {
  readonly path: string;
  add(...mails: readonly Uint8Array[]): void;
  /** A commit that takes the last mail away, as public-inbox records one. */
  remove(): void;
  /** History without its first mail: every commit has another name. */
  purgeFirst(): void;
}

export function gitArchive(path: string, version: 1 | 2 = 2): GitArchive {
  execFileSync('git', ['init', '-q', '--bare', '-b', 'master', path]);
  const time = { at: 1_735_819_200 };
  const kept: Uint8Array[] = [];
  const import_ = (parts: readonly (string | Uint8Array)[]): void => {
    const input = Buffer.concat(parts.map((part) => Buffer.from(part)));
    execFileSync('git', ['-C', path, 'fast-import', '--quiet', '--force'], { input });
  };
  const head = (isFirst: boolean): string =>
    `commit refs/heads/master\ncommitter T <t@example.org> ${time.at++} +0000\ndata 1\nx\n${isFirst ? '' : 'from refs/heads/master^0\n'}`;
  const nameOf = (raw: Uint8Array): string => {
    if (version === 2) return 'm';
    const [, id = ''] = /^Message-ID: <(.*)>/im.exec(Buffer.from(raw).toString('latin1')) ?? [];
    const hash = createHash('sha1').update(id).digest('hex');
    return `${hash.slice(0, 2)}/${hash.slice(2)}`;
  };
  /** One import all: `from` names what the import itself has made. */
  const write = (mails: readonly Uint8Array[], isNew: boolean): void =>
    import_(
      mails.flatMap((raw, index) => {
        const isFirst = isNew && index === 0;
        const parent = index === 0 ? head(isFirst) : head(true);
        return [`${parent}M 100644 inline ${nameOf(raw)}\ndata ${raw.length}\n`, raw, '\n'];
      }),
    );
  return {
    path,
    add(...mails) {
      write(mails, kept.length === 0);
      kept.push(...mails);
    },
    remove() {
      const raw = kept.pop() as Uint8Array;
      import_([
        `${head(false)}${version === 2 ? `D m\nM 100644 inline d\ndata ${raw.length}\n` : `D ${nameOf(raw)}\n`}`,
        ...(version === 2 ? [raw, '\n'] : []),
      ]);
    },
    purgeFirst() {
      kept.shift();
      write(kept, true);
    },
  };
}
