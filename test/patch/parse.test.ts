/** Diffs in texts: what is cut out, under which names, and what is said of damage. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseDiffs } from '../../src/patch/parse.js';

const hunk = '@@ -1,3 +1,4 @@ struct box {\n \tint a;\n+\tint b;\n \tint c;\n \tint d;\n';
const pair = (before: string, after = before): string => `--- ${before}\n+++ ${after}\n`;

/** `M include/x.h`, `R a.h b.h`, with ` binary` and the kinds of damage. */
function shown(text: string): string[] {
  const { files, damage } = parseDiffs(text);
  return [
    ...files.map(({ status, before, after, binary, hunks }) => {
      const names = before === after ? [before] : [before ?? '-', after ?? '-'];
      return `${status} ${names.join(' ')} ${binary ? 'binary' : hunks.map(({ lines }) => lines.length).join('+')}`.trim();
    }),
    ...damage.map(({ kind, line }) => `${kind} ${line}`),
  ];
}

const readings: Record<string, [text: string, seen: readonly string[]]> = {
  'a signature after the last hunk is no removed line': [
    `diff --git a/mm/x.h b/mm/x.h\nindex 111..222 100644\n${pair('a/mm/x.h', 'b/mm/x.h')}${hunk}-- \n2.40.1\n`,
    ['modified mm/x.h 4'],
  ],
  'dashes in prose begin nothing': [
    `--- foo\n---\n--- a lot\n+++ plus\n${pair('a/x.h', 'b/x.h')}${hunk}`,
    ['modified x.h 4'],
  ],
  'two patches in one text, prose between': [
    `${pair('a/x.h', 'b/x.h')}${hunk}\nAnd another:\n\n${pair('a/y.h', 'b/y.h')}${hunk}`,
    ['modified x.h 4', 'modified y.h 4'],
  ],
  'a directory a version, with dates': [
    `diff -puN include/x.h~2-add include/x.h\n${pair(
      'linux-2.6.21/include/x.h~2-add\t2007-04-20 14:00:00.000000000 -0700',
      'linux-2.6.21-me/include/x.h\t2007-04-20 14:00:00.000000000 -0700',
    )}${hunk}_\n`,
    ['modified include/x.h 4'],
  ],
  'quilt and CVS have no prefix, or one of their own': [
    `Index: linux/include/x.h\n====\n${pair('linux.orig/include/x.h', 'linux/include/x.h')}${hunk}` +
      `Index: lib/y.h\n====\nRCS file: /cvs/y.h,v\nretrieving revision 1.1\n${pair('lib/y.h\t1 Jan 2005 10:00:00 -0000\t1.1', 'lib/y.h\t2 Jan 2005')}${hunk}`,
    ['modified include/x.h 4', 'modified lib/y.h 4'],
  ],
  'renames, modes and binaries have no hunks': [
    'diff --git a/old.c b/new.c\nsimilarity index 100%\nrename from old.c\nrename to new.c\n' +
      'diff --git a/run b/run\nold mode 100644\nnew mode 100755\n' +
      'diff --git a/p.png b/p.png\nindex 1..2\nGIT binary patch\nliteral 3\nKcmZQzU|?imU|<AL\n\nliteral 0\nHcmV?d00001\n\n' +
      'diff --git a/q.png b/q.png\nnew file mode 100644\nindex 0..2\nBinary files /dev/null and b/q.png differ\n',
    ['renamed old.c new.c', 'modified run', 'modified p.png binary', 'added - q.png binary'],
  ],
  'quoted names are bytes': [
    `diff --git "a/d/\\303\\244 b.h" "b/d/\\303\\244 b.h"\n${pair('"a/d/\\303\\244 b.h"', '"b/d/\\303\\244 b.h"')}${hunk}`,
    ['modified d/ä b.h 4'],
  ],
  'CRLF of the transport goes': [`${pair('a/x.h', 'b/x.h')}${hunk}`.replace(/\n/g, '\r\n'), ['modified x.h 4']],
  'files that come and go': [
    `--- /dev/null\n+++ b/mm/n.h\n@@ -0,0 +1 @@\n+a\n--- a/mm/o.h\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n`,
    ['added - mm/n.h 1', 'deleted mm/o.h - 1'],
  ],
  'no newline at the end': [
    `${pair('a/x', 'b/x')}@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n-- \n2\n`,
    ['modified x 4'],
  ],
  'names outside the tree are refused': [
    `${pair('a/../../etc/passwd', 'b/../../etc/passwd')}${hunk}${pair('/etc/passwd')}${hunk}${pair('a/.git/config', 'b/.git/config')}${hunk}`,
    ['unsafe-path 1', 'unsafe-path 8', 'unsafe-path 15'],
  ],
  'wrapped lines are joined and said': [
    `${pair('a/x.h', 'b/x.h')}@@ -1,2 +1,3 @@\n a\n+${'long '.repeat(14)}\nword;\n b\n`,
    ['modified x.h 3', 'wrapped-lines 6'],
  ],
  'a text that ends in a hunk': [`${pair('a/x.h', 'b/x.h')}${hunk.slice(0, 50)}`, ['modified x.h 3', 'truncated 3']],
  'counts that are wrong': [
    `${pair('a/x.h', 'b/x.h')}${hunk.replace('1,4', '1,3')}+\tint e;\n`,
    ['modified x.h 3', 'wrong-counts 3'],
  ],
  'an unreadable hunk header': [
    `diff --git a/x.h b/x.h\n${pair('a/x.h', 'b/x.h')}${hunk.replace('-1,3', '-X,3')}`,
    ['modified x.h', 'wrong-counts 4'],
  ],
  'tabs that a mailer made blanks': [
    `${pair('a/x.h', 'b/x.h')}@@ -1,3 +1,4 @@\n         int a;\n+        int b;\n         int c;\n         int d;\n`,
    ['modified x.h 4', 'tabs-to-spaces 3'],
  ],
  'the diff of a merge is named': [
    'diff --cc mm/x.c\nindex 1,2..3\n--- a/mm/x.c\n+++ b/mm/x.c\n@@@ -1,1 -1,1 +1,2 @@@\n  a\n++b\n',
    ['modified mm/x.c', 'combined-diff 1'],
  ],
  'also where its first line was lost': [
    `${pair('a/mm/x.c', 'b/mm/x.c')}@@@ -1,1 -1,1 +1,2 @@@\n  a\n++b\n${pair('a/y.h', 'b/y.h')}${hunk}`,
    ['modified mm/x.c', 'modified y.h 4', 'combined-diff 3'],
  ],
};

describe.each(Object.entries(readings))('%s', (_, [text, seen]) => {
  test('is read so', () => expect(shown(text)).toEqual(seen));
});

test('any text is read without an exception, and every hunk keeps its counts', () => {
  const word = fc.constantFrom(
    'diff --git a/x b/x',
    '--- a/x',
    '+++ b/x',
    '@@ -1,2 +1,2 @@',
    ' c',
    '-d',
    '+e',
    '',
    '\\ No',
    '-- ',
    'rename from q',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(word, fc.string()), { maxLength: 40 }), (lines) => {
      for (const { hunks } of parseDiffs(lines.join('\n')).files) {
        for (const { lines: kept, beforeLines, afterLines } of hunks) {
          const count = (marks: string): number => kept.filter((line) => marks.includes(line[0] as string)).length;
          expect([count(' -'), count(' +')]).toEqual([beforeLines, afterLines]);
        }
      }
    }),
    { numRuns: 500 },
  );
});
