/** What a series needs: by patch-id, by any mail of it, by its change; what that needs in turn; and a tree with it, whatever it has already. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { applyPatch } from '../../src/patch/apply.js';
import { filePatchBetween } from '../../src/patch/line-diff.js';
import { parseDiffs } from '../../src/patch/parse.js';
import { patchId } from '../../src/patch/patch-id.js';
import { knownSeries, prerequisitesOf } from '../../src/patch/prerequisites.js';
import { reversePatch } from '../../src/patch/reverse.js';
import type { FilePatch, Need, Patch, Series } from '../../src/patch/series.js';
import { treeFor } from '../../src/tree/base.js';
import { memoryTree } from '../../src/tree/memory.js';
import { withNeeded } from '../../src/tree/needed.js';

const lines = (count: number): string[] => Array.from({ length: count }, (_, index) => `line ${index}\n`);
const base = lines(40).join('');

function changed(path: string, edit: (text: string) => string, from = base): FilePatch {
  const made = filePatchBetween(path, from, edit(from));
  if (made === null) throw new Error('nothing differs');
  return made;
}

function patch(id: string, files: readonly FilePatch[], n = 1, total = 1): Patch {
  return { n, total, messageId: id, subject: `p ${id}`, author: null, files, damage: [] };
}

function series(id: string, patches: readonly Patch[], over: Partial<Series> = {}): Series {
  return { subject: id, version: 1, rfc: false, messageId: id, base: null, patches, ...over };
}

const below = (line: number, text: string) => (whole: string) =>
  whole.replace(`line ${line}\n`, `line ${line}\n${text}\n`);
const one = patch('one', [changed('a.h', below(3, 'one'))], 1, 2);
const two = patch('two', [changed('a.h', below(20, 'two'))], 2, 2);
const library = series('cover', [one, two], { changeId: '20240101-lib-0123456789ab' });
const newer = series('cover2', [patch('one2', one.files)], { changeId: '20240101-lib-0123456789ab', version: 2 });
const half = series('half', [patch('h', [changed('h.h', below(1, 'h'))], 1, 3)]);
const middle = series('middle', [patch('m', [changed('m.h', below(5, 'm'))])], {
  needs: [{ kind: 'message', id: 'two' }],
});
const known = knownSeries([library, newer, half, middle]);
const own = patch('own', [changed('b.h', below(1, 'own'))]);

const cases: Record<string, { needs: readonly Need[]; patches: readonly string[]; missing?: readonly string[] }> = {
  'by patch-ids, in their order': {
    needs: [two, newer.patches[0] as Patch].map(({ files }) => ({ kind: 'patch', id: patchId(files) as string })),
    patches: ['two', 'one2'],
  },
  'by the cover letter': { needs: [{ kind: 'message', id: 'cover' }], patches: ['one', 'two'] },
  'by one of its patches': { needs: [{ kind: 'message', id: 'two' }], patches: ['one', 'two'] },
  'by its change, the newest': {
    needs: [{ kind: 'change', id: '20240101-lib-0123456789ab', version: null }],
    patches: ['one2'],
  },
  'by its change and version, and by patch-ids too, as b4 writes them': {
    needs: [
      { kind: 'change', id: '20240101-lib-0123456789ab', version: 1 },
      { kind: 'patch', id: patchId(one.files) as string },
      { kind: 'patch', id: patchId(two.files) as string },
    ],
    patches: ['one', 'two'],
  },
  'what it needs in turn comes first': { needs: [{ kind: 'message', id: 'm' }], patches: ['one', 'two', 'm'] },
  'a version that nobody saw': {
    needs: [{ kind: 'change', id: '20240101-lib-0123456789ab', version: 3 }],
    patches: [],
    missing: ['prerequisite change 20240101-lib-0123456789ab v3: it is in no mail that was read'],
  },
  'one that is not whole': {
    needs: [{ kind: 'message', id: 'half' }],
    patches: [],
    missing: ['prerequisite half: 1 of its 3 patches were read'],
  },
  'unknown ones and words': {
    needs: [
      { kind: 'message', id: 'lost@x' },
      { kind: 'patch', id: 'ab'.repeat(20) },
      { kind: 'other', text: 'the big rework' },
      { kind: 'message', id: 'cover' },
    ],
    patches: ['one', 'two'],
    missing: [
      'prerequisite lost@x: it is in no mail that was read',
      'prerequisite patch abababababab: it is in no mail that was read',
      'prerequisite "the big rework": it names no mail',
    ],
  },
  'itself, and a patch of its own': {
    needs: [
      { kind: 'message', id: 'asking' },
      { kind: 'patch', id: patchId(own.files) as string },
    ],
    patches: [],
  },
};

describe.each(Object.entries(cases))('a series names what it needs %s', (_, { needs, patches, missing = [] }) => {
  test('and gets it once', () => {
    const found = prerequisitesOf(series('asking', [own], { needs }), known);
    expect(found.patches.map(({ messageId }) => messageId)).toEqual(patches);
    expect(found.missing.map(({ what, why }) => `${what}: ${why}`)).toEqual(missing);
  });
});

test('series that need each other end', () => {
  const [first, second] = [patch('first', one.files), patch('second', two.files)];
  const left = series('left', [first], { needs: [{ kind: 'message', id: 'right' }] });
  const right = series('right', [second], { needs: [{ kind: 'message', id: 'left' }] });
  const all = knownSeries([left, right]);
  expect(prerequisitesOf(left, all).patches).toEqual([second]);
  expect(prerequisitesOf(series('third', [own], { needs: right.needs ?? [] }), all).patches).toEqual([second, first]);
});

const read = (tree: { read(path: string): Uint8Array | null }, path: string): string =>
  Buffer.from(tree.read(path) ?? []).toString();
const whole = below(20, 'two')(below(3, 'one')(base));

describe('a tree with what is needed', () => {
  const needed = [one, two];
  test.each([
    ['nothing of it is there', base],
    ['the first patch is there', below(3, 'one')(base)],
    ['the second is there', below(20, 'two')(base)],
    ['all of it is there', whole],
  ])('where %s', (_, text) => {
    const made = withNeeded(memoryTree('t', { 'a.h': text }), needed);
    expect([read(made.tree, 'a.h'), made.missing]).toEqual([whole, []]);
  });

  test('that changed the same lines one after the other, all there', () => {
    const first = patch('f', [changed('a.h', (text) => text.replace('line 7\n', 'line seven\n'))]);
    const made = base.replace('line 7\n', 'line seven\n');
    const second = patch('s', [changed('a.h', (text) => text.replace('line seven\n', 'line 7, again\n'), made)]);
    const tip = base.replace('line 7\n', 'line 7, again\n');
    const over = withNeeded(memoryTree('t', { 'a.h': tip }), [first, second]);
    expect([read(over.tree, 'a.h'), over.missing]).toEqual([tip, []]);
  });

  test('says what does not apply, and where', () => {
    const other = base.replace('line 20\n', 'line twenty\n');
    const { tree, missing } = withNeeded(memoryTree('t', { 'a.h': other }), needed);
    expect(read(tree, 'a.h')).toBe(below(3, 'one')(other));
    expect(missing).toEqual([
      {
        what: 'prerequisite "p two"',
        why: 'it does not apply: a.h, hunk 1 (line 19): the lines of the hunk are not in the file',
      },
    ]);
  });

  test('is what a series is judged on, or the tree as it is where only that fits', () => {
    const tree = memoryTree('t', { 'a.h': base });
    const onTop = series('top', [patch('top', [changed('a.h', below(20, 'top'), whole)])]);
    const made = treeFor(tree, onTop, { patches: needed, missing: [] });
    expect(made.ok && [read(made.tree, 'a.h'), made.missing]).toEqual([whole, []]);
    expect(treeFor(tree, onTop, { patches: [], missing: [] })).toMatchObject({ ok: false });
    const against = series('against', [patch('against', [changed('a.h', below(20, 'not two'))])]);
    const without = treeFor(tree, against, { patches: needed, missing: [] });
    expect(without.ok && [read(without.tree, 'a.h'), without.missing.length]).toEqual([base, 1]);
  });
});

describe('a patch taken back leaves the text as it was', () => {
  const takenBack = (made: FilePatch, text: string): string => {
    const [back] = reversePatch(patch('x', [made])).files;
    const applied = applyPatch(back as FilePatch, text);
    return applied.ok ? applied.text : applied.why;
  };

  test('whatever it changed', () => {
    const text = fc
      .array(fc.constantFrom('a\n', 'b\n', 'c\n', '\n', '{\n', '}\n'), { maxLength: 40 })
      .map((list) => list.join(''));
    fc.assert(
      fc.property(text, text, (before, now) => {
        const made = filePatchBetween('x.h', before, now);
        return made === null ? before === now : takenBack(made, now) === before;
      }),
      { numRuns: 500 },
    );
  });

  test('a last line without its end too', () => {
    const ends = '\\ No newline at end of file';
    const [made] = parseDiffs(`--- a/x.h\n+++ b/x.h\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n${ends}\n`).files;
    expect(takenBack(made as FilePatch, 'a\nc')).toBe('a\nb\n');
    const [other] = parseDiffs(`--- a/x.h\n+++ b/x.h\n@@ -1,2 +1,2 @@\n a\n-b\n${ends}\n+c\n`).files;
    expect(takenBack(other as FilePatch, 'a\nc\n')).toBe('a\nb');
  });
});
