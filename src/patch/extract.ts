/**
 * The diffs inside a text. Comes in: what was sent, a Latin-1 character a byte. Goes out: one Section a file, each exactly as long as its
 * header and hunks are; prose, diffstat, signature, footer between them belong to none.
 *
 * A section begins at `diff --git`, `diff --cc`, or at a pair `---`, `+++` with an `@@` right after it: a lone `---` is prose. It ends
 * where the counts of its last hunk are used up, so nothing after a patch can be read as a part of it.
 */
import { hunkHead, readHunk } from './hunk.js';
import type { Damage, Hunk } from './series.js';

export interface Section {
  readonly kind: 'git' | 'plain' | 'combined';
  /** Line where it begins, from 1. */
  readonly line: number;
  /** The lines before the first hunk; for `plain` the pair, or `Binary files … differ`. */
  readonly header: readonly string[];
  /** What an `Index:` line above the pair says. */
  readonly index: string | null;
  readonly hunks: readonly Hunk[];
  readonly damage: readonly Damage[];
}

export interface Extracted {
  readonly sections: readonly Section[];
  readonly damage: readonly Damage[];
}

/** More than lists let through; longer texts are read to here. */
const maxText = 32_000_000;
const maxSections = 20_000;

const extended =
  /^(?:index [0-9a-f]+\.\.|(?:old|new|deleted file|new file) mode \d|mode \d|(?:dis)?similarity index \d|(?:rename|copy) (?:from|to) )/;

export function extractDiffs(text: string): Extracted {
  const damage: Damage[] = [];
  if (text.length > maxText)
    damage.push({ kind: 'too-large', line: 1, text: `only the first ${maxText} bytes were read` });
  const lines = linesOf(text.length > maxText ? text.slice(0, maxText) : text);
  const sections: Section[] = [];
  let index: { path: string; line: number } | null = null;
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] as string;
    if (line.startsWith('Index: ')) index = { path: line.slice(7).trim(), line: at };
    const near = index !== null && at - index.line < 12 ? index.path : null;
    const found = readSection(lines, at, near);
    if (found === null) {
      at++;
      continue;
    }
    index = null;
    at = found.next;
    if (sections.length < maxSections) sections.push(found.section);
    else if (sections.length === maxSections) {
      damage.push({ kind: 'too-large', line: at, text: `more than ${maxSections} files` });
      break;
    }
  }
  return { sections, damage };
}

/** CRLF that transport or mailer put on every line goes; where only some lines have it, the file has. */
function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (!text.includes('\r')) return lines;
  // No tool writes a CR into its own header lines: where one has it, every CR at a line's end came on the way.
  const isMailers = /^(?:diff --git |\+\+\+ |@@ ).*\r$/m.test(text);
  return isMailers || !lines.some((line) => line !== '' && !line.endsWith('\r'))
    ? lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
    : lines;
}

type Found = { readonly section: Section; readonly next: number } | null;

function readSection(lines: readonly string[], at: number, index: string | null): Found {
  const line = lines[at] as string;
  switch (line.charCodeAt(0)) {
    case 0x64: // d
      if (line.startsWith('diff --git ')) return readGit(lines, at);
      return line.startsWith('diff --cc ') || line.startsWith('diff --combined ') ? readCombined(lines, at) : null;
    case 0x2d: // -
      return line.startsWith('--- ') ? readPair(lines, at, index) : null;
    case 0x42: // B
      if (!/^Binary files \S.* and \S.* differ\r?$/.test(line)) return null;
      return { section: { kind: 'plain', line: at + 1, header: [line], index, hunks: [], damage: [] }, next: at + 1 };
    default:
      return null;
  }
}

function readGit(lines: readonly string[], at: number): Found {
  const header = [bare(lines[at])];
  let next = at + 1;
  // A long first line is what mailers wrap first.
  if (/^ ?"?\w\//.test(lines[next] ?? '') && !/ "?\w\/.* "?\w\//.test(header[0] as string))
    header[0] = `${header[0]} ${bare(lines[next++]).trim()}`;
  while (extended.test(lines[next] ?? '')) header.push(bare(lines[next++]));
  if (isPair(lines, next)) {
    header.push(bare(lines[next]), bare(lines[next + 1]));
    next += 2;
  } else if (/^Binary files .* differ\r?$/.test(lines[next] ?? '')) header.push(bare(lines[next++]));
  else if (/^GIT binary patch\r?$/.test(lines[next] ?? '')) {
    header.push('GIT binary patch');
    next = afterBinary(lines, next + 1);
  }
  if (header.length === 1) return null;
  const { hunks, damage, end } = readHunks(lines, next);
  return { section: { kind: 'git', line: at + 1, header, index: null, hunks, damage }, next: end };
}

function readPair(lines: readonly string[], at: number, index: string | null): Found {
  if (!isPair(lines, at)) return null;
  const header = [bare(lines[at]), bare(lines[at + 1])];
  const head = bare(lines[at + 2]);
  if (/^@@@+ -\d/.test(head)) {
    // A merge's diff whose first line was lost, or one made up by hand.
    const damage: Damage = { kind: 'combined-diff', line: at + 3, text: head.slice(0, 200) };
    return { section: { kind: 'plain', line: at + 1, header, index, hunks: [], damage: [damage] }, next: at + 3 };
  }
  if (!hunkHead.test(head)) return null;
  const { hunks, damage, end } = readHunks(lines, at + 2);
  return { section: { kind: 'plain', line: at + 1, header, index, hunks, damage }, next: end };
}

/** A merge's diff has a column a parent: nothing here can be applied, so it is only named. */
function readCombined(lines: readonly string[], at: number): Found {
  const header = [bare(lines[at])];
  let next = at + 1;
  while (next < lines.length && /^(?:index |mode |new file |deleted file |--- |\+\+\+ )/.test(lines[next] as string))
    header.push(bare(lines[next++]));
  if (header.length === 1) return null;
  return { section: { kind: 'combined', line: at + 1, header, index: null, hunks: [], damage: [] }, next };
}

function readHunks(lines: readonly string[], from: number): { hunks: Hunk[]; damage: Damage[]; end: number } {
  const hunks: Hunk[] = [];
  const damage: Damage[] = [];
  let end = from;
  for (let read = readHunk(lines, end); read !== null; read = readHunk(lines, end)) {
    hunks.push(read.hunk);
    damage.push(...read.damage);
    end = read.next;
  }
  if (lines[end]?.startsWith('@@ ') === true)
    damage.push({ kind: 'wrong-counts', line: end + 1, text: (lines[end] as string).slice(0, 200) });
  return { hunks, damage, end };
}

function isPair(lines: readonly string[], at: number): boolean {
  return lines[at]?.startsWith('--- ') === true && lines[at + 1]?.startsWith('+++ ') === true;
}

/** `literal N` or `delta N` and base85 lines, twice when it can be reverted, each block ended by an empty line. */
function afterBinary(lines: readonly string[], from: number): number {
  let next = from;
  while (/^(?:literal|delta) \d+\r?$/.test(lines[next] ?? '')) {
    next++;
    while (next < lines.length && bare(lines[next]) !== '') next++;
    next++;
  }
  return next;
}

function bare(line: string | undefined): string {
  return line === undefined ? '' : line.endsWith('\r') ? line.slice(0, -1) : line;
}
