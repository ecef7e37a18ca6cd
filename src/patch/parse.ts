/**
 * A text -> the files that it changes. Comes in: Latin-1, a character a byte, so that a tree's bytes can be compared with a hunk's;
 * names alone are decoded. Goes out: FilePatch, and what mail software did to them. A name that leaves the tree is refused: no
 * FilePatch, a Damage. Never happens: an exception, whatever the text.
 */
import { extractDiffs, type Section } from './extract.js';
import { gitNames, isEpoch, isSafe, type NamePair, plainNames, prefixed, tail, unquoted } from './names.js';
import type { Damage, FilePatch } from './series.js';

export interface ParsedDiffs {
  readonly files: readonly FilePatch[];
  readonly damage: readonly Damage[];
}

export function parseDiffs(text: string): ParsedDiffs {
  const { sections, damage: whole } = extractDiffs(text);
  const files: FilePatch[] = [];
  const damage: Damage[] = [...whole];
  for (const section of sections) {
    const file = filePatchOf(section);
    damage.push(...section.damage);
    if (file === null) continue;
    if (!isSafe(file.before) || !isSafe(file.after) || (file.before === null && file.after === null)) {
      const names = [...new Set([file.before, file.after])].filter((name) => name !== null).join(' ');
      damage.push({ kind: 'unsafe-path', line: section.line, text: names.slice(0, 200) });
      continue;
    }
    if (section.kind === 'combined')
      damage.push({ kind: 'combined-diff', line: section.line, text: `${file.after}: the diff of a merge` });
    const spaces = spacesForTabs(file);
    if (spaces !== null) damage.push(spaces);
    files.push(file);
  }
  return { files, damage };
}

/** null where the header names no file. */
function filePatchOf(section: Section): FilePatch | null {
  switch (section.kind) {
    case 'git':
      return gitFile(section);
    case 'plain':
      return plainFile(section);
    case 'combined':
      return { ...blank, status: 'modified', ...both(unquoted(section.header[0]?.replace(/^diff --\S+ /, '') ?? '')) };
  }
}

const blank = {
  hunks: [],
  binary: false,
  beforeBlob: null,
  afterBlob: null,
  beforeMode: null,
  afterMode: null,
} as const;

function gitFile({ header, hunks }: Section): FilePatch | null {
  const value = (key: string): string | null => {
    const line = header.find((one) => one.startsWith(`${key} `));
    return line === undefined ? null : line.slice(key.length + 1);
  };
  const names = gitFileNames(header, value);
  if (names === null) return null;
  const [, beforeBlob = null, afterBlob = null, mode = null] =
    /^([0-9a-f]+)\.\.([0-9a-f]+)(?: (\d{6}))?/.exec(value('index') ?? '') ?? [];
  const [isNew, isDeleted] = [value('new file mode'), value('deleted file mode')];
  const [before, after] = [isNew === null ? names[0] : null, isDeleted === null ? names[1] : null];
  const isCopy = value('copy from') !== null;
  const status = statusOf(before, after);
  return {
    status: status === 'renamed' && isCopy ? 'copied' : status,
    before: decoded(before),
    after: decoded(after),
    hunks,
    binary: header.some((line) => line === 'GIT binary patch' || line.startsWith('Binary files ')),
    beforeBlob,
    afterBlob,
    beforeMode: isDeleted ?? value('old mode') ?? mode,
    afterMode: isNew ?? value('new mode') ?? mode,
  };
}

/** `rename` and `copy` lines have no prefix; the pair has; the first line has, but may be ambiguous. */
function gitFileNames(header: readonly string[], value: (key: string) => string | null): NamePair | null {
  const moved = [value('rename from') ?? value('copy from'), value('rename to') ?? value('copy to')];
  if (moved[0] != null && moved[1] != null) return [unquoted(moved[0]), unquoted(moved[1])];
  const first = gitNames(header[0] as string);
  const [minus, plus] = ['--- ', '+++ '].map((mark) => header.find((line) => line.startsWith(mark)));
  if (first !== null) {
    const strip = prefixed(first[0], first[1]) ? tail : (name: string) => name;
    const [before, after] = [strip(first[0]), strip(first[1])];
    return [minus?.startsWith('--- /dev/null') ? null : before, plus?.startsWith('+++ /dev/null') ? null : after];
  }
  return minus === undefined || plus === undefined ? null : plainNames(minus, plus, null);
}

function plainFile({ header, hunks, index }: Section): FilePatch | null {
  const [first = '', plus = ''] = header;
  const binary = /^Binary files (.*) and (.*) differ$/.exec(first);
  if (binary !== null) {
    const [before, after] = plainNames(`--- ${binary[1]}`, `+++ ${binary[2]}`, index);
    return { ...blank, status: statusOf(before, after), before: decoded(before), after: decoded(after), binary: true };
  }
  const [before, after] = plainNames(first, plus, index);
  const only = hunks.length === 1 ? hunks[0] : undefined;
  const isNew = only !== undefined && only.beforeStart === 0 && only.beforeLines === 0;
  const isGone = only !== undefined && only.afterStart === 0 && only.afterLines === 0 && isEpoch(plus);
  const [from, to] = [isNew ? null : before, isGone ? null : after];
  return { ...blank, status: statusOf(from, to), before: decoded(from), after: decoded(to), hunks };
}

function statusOf(before: string | null, after: string | null): FilePatch['status'] {
  if (before === null) return 'added';
  if (after === null) return 'deleted';
  return before === after ? 'modified' : 'renamed';
}

function both(path: string): { before: string | null; after: string | null } {
  return { before: decoded(path), after: decoded(path) };
}

/** Names are UTF-8 by custom; other bytes stay as they are. */
function decoded(path: string | null): string | null {
  if (path === null || !/[\x80-\xff]/.test(path)) return path;
  const text = Buffer.from(path, 'latin1').toString('utf8');
  return text.includes('\ufffd') ? path : text;
}

/** The kernel indents C with tabs: a C file whose hunks have deep indents and not one tab went through a mailer that replaced them. */
function spacesForTabs({ after, before, hunks }: FilePatch): Damage | null {
  if (!/\.[chS]$/.test(after ?? before ?? '')) return null;
  let indented = 0;
  for (const hunk of hunks) {
    for (const line of hunk.lines) {
      if (line.includes('\t')) return null;
      if (/^[ +-] {8}/.test(line)) indented++;
    }
  }
  const [first] = hunks;
  return indented < 3 || first === undefined
    ? null
    : { kind: 'tabs-to-spaces', line: first.place, text: `${after ?? before}: indented by spaces alone` };
}
