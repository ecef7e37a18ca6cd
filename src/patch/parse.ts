/**
 * A text -> the files that it changes. Comes in: Latin-1, a character a byte, so that a tree's bytes can be compared with a hunk's;
 * names alone are decoded. Goes out: FilePatch, and what mail software did to them. A name that leaves the tree is refused: no
 * FilePatch, a Damage. The `diff` package parses each section that extract.ts cut out. Never happens: an exception, whatever the text.
 */
import type { StructuredPatch } from 'diff';
import { extractDiffs, type Section } from './extract.js';
import { gitNames, isEpoch, isSafe, type NamePair, plainNames, prefixed, tail, unquoted } from './names.js';
import type { Damage, FilePatch, Hunk } from './series.js';
import { parsedHunks, parseSection } from './structured.js';

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
  if (section.kind === 'combined')
    return { ...blank, status: 'modified', ...both(unquoted(section.header[0]?.replace(/^diff --\S+ /, '') ?? '')) };
  const parsed = parseSection(section);
  const hunks = parsed === null ? [] : parsedHunks(parsed, section.hunks);
  return section.kind === 'plain' ? plainFile(section, hunks) : gitFile(section, parsed, hunks);
}

const blank = {
  hunks: [],
  binary: false,
  beforeBlob: null,
  afterBlob: null,
  beforeMode: null,
  afterMode: null,
} as const;

/** What the package reads of git's header, and what it leaves out: blob ids, the mode of an unchanged one, binaries with their bytes. */
function gitFile({ header }: Section, parsed: StructuredPatch | null, hunks: readonly Hunk[]): FilePatch | null {
  const names = gitFileNames(header);
  if (names === null) return null;
  const index = header.find((line) => line.startsWith('index ')) ?? '';
  const [, beforeBlob = null, afterBlob = null, mode = null] =
    /^index ([0-9a-f]+)\.\.([0-9a-f]+)(?: (\d{6}))?/.exec(index) ?? [];
  const before = parsed?.isCreate === true ? null : names[0];
  const after = parsed?.isDelete === true ? null : names[1];
  const status = statusOf(before, after);
  return {
    status: status === 'renamed' && parsed?.isCopy === true ? 'copied' : status,
    before: decoded(before),
    after: decoded(after),
    hunks,
    binary: parsed?.isBinary === true || header.at(-1) === 'GIT binary patch',
    beforeBlob,
    afterBlob,
    beforeMode: parsed?.oldMode ?? mode,
    afterMode: parsed?.newMode ?? mode,
  };
}

/** `rename` and `copy` lines have no prefix; the pair has; the first line has, but may be ambiguous. */
function gitFileNames(header: readonly string[]): NamePair | null {
  const value = (key: string): string | null =>
    header.find((line) => line.startsWith(`${key} `))?.slice(key.length + 1) ?? null;
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

function plainFile({ header, index }: Section, hunks: readonly Hunk[]): FilePatch | null {
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

/**
 * The kernel indents C with tabs: a C file whose hunks have deep indents and not one tab went through a mailer that replaced them. No-break
 * spaces (UTF-8 or Latin-1) indent nothing at all.
 */
function spacesForTabs({ after, before, hunks }: FilePatch): Damage | null {
  const [first] = hunks;
  const unbroken = hunks.reduce(
    (sum, { lines }) => sum + lines.filter((line) => /^[ +-](?:\xc2?\xa0)/.test(line)).length,
    0,
  );
  if (first !== undefined && unbroken >= 3)
    return { kind: 'tabs-to-spaces', line: first.place, text: `${after ?? before}: indented by no-break spaces` };
  if (!/\.[chS]$/.test(after ?? before ?? '')) return null;
  let indented = 0;
  for (const hunk of hunks) {
    for (const line of hunk.lines) {
      if (line.includes('\t')) return null;
      if (/^[ +-] {8}/.test(line)) indented++;
    }
  }
  return indented < 3 || first === undefined
    ? null
    : { kind: 'tabs-to-spaces', line: first.place, text: `${after ?? before}: indented by spaces alone` };
}
