/** Where a series belongs, in repositories that git made: every way to find its base, and what is said when there is none. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { gitMirror } from '../../../src/disk/trees/git-base.js';
import { parseDiffs } from '../../../src/patch/parse.js';
import { patchId } from '../../../src/patch/patch-id.js';
import { knownSeries } from '../../../src/patch/prerequisites.js';
import type { Patch, Series } from '../../../src/patch/series.js';
import { findBase, type Mirror, whyNoBase } from '../../../src/tree/base.js';

const work = mkdtempSync(join(tmpdir(), 'kabiwatch-base-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));
const bare = join(work, '.git');

function git(...args: string[]): string {
  const identity = ['-c', 'user.name=T', '-c', 'user.email=t@example.org', '-c', 'core.autocrlf=false'];
  return execFileSync('git', ['-C', work, ...identity, ...args], { encoding: 'latin1' }).trim();
}

function commit(files: Readonly<Record<string, string>>, message: string): string {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(work, name), text);
  git('add', '-A');
  git('commit', '-q', '-m', message);
  return git('rev-parse', 'HEAD');
}

const lines = (from: number, to: number, mark = ''): string =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}${mark}\n`).join('');

git('init', '-q', '-b', 'master', '.');
const first = commit({ 'a.h': lines(1, 40), 'b.h': lines(1, 20, 'b') }, 'first');
const second = commit({ 'a.h': lines(1, 40).replace('line 20\n', 'line twenty\n') }, 'second');
git('checkout', '-q', '-b', 'topic');
const topic = commit({ 'a.h': lines(1, 40).replace('line 20\n', 'line 20 of a topic\n') }, 'topic');
commit({ 'a.h': lines(1, 40).replace('line 20\n', 'line 20 of the topic, again\n') }, 'topic 2');
git('checkout', '-q', 'master');
git('merge', '-q', '--no-ff', 'topic', '-m', 'merge');
const tip = commit({ 'a.h': lines(30, 60), 'c.h': 'c\n' }, 'tip');
git('branch', 'old', second);

/** What `git diff` says of an edit of `file` at `base`. */
function patchAt(base: string, file: string, edit: (text: string) => string): Patch {
  const text = git('show', `${base}:${file}`);
  git('checkout', '-q', base);
  writeFileSync(join(work, file), edit(`${text}\n`));
  const diff = execFileSync('git', ['-C', work, 'diff', '--full-index'], { encoding: 'latin1' });
  git('checkout', '-q', '-f', 'master');
  const { files } = parseDiffs(diff);
  return { n: 1, total: 1, messageId: 'm@x', subject: 's', author: null, files, damage: [] };
}

function seriesOf(patches: readonly Patch[], over: Partial<Series> = {}): Series {
  return { subject: 's', version: 1, rfc: false, messageId: 'm@x', base: null, patches, ...over };
}

const mirror = gitMirror(bare, ['master', 'old']);
const atLine = (line: string) => (text: string) => text.replace(`${line}\n`, `${line}\nnew\n`);
/** Without `index` lines, as other tools write diffs. */
const unindexed = (patch: Patch): Patch => ({
  ...patch,
  files: patch.files.map((file) => ({ ...file, beforeBlob: null, afterBlob: null })),
});

describe('the base of a series', () => {
  test('is what base-commit says, abbreviated too', () => {
    const patch = patchAt(second, 'a.h', atLine('line twenty'));
    for (const base of [second, second.slice(0, 12)])
      expect(findBase(seriesOf([patch], { base }), mirror)).toMatchObject({
        ok: true,
        how: 'base-commit',
        commit: second,
      });
  });

  test('is the newest commit that has the blobs of the index lines, of all files', () => {
    const one = patchAt(first, 'a.h', atLine('line 20'));
    expect(findBase(seriesOf([one]), mirror)).toMatchObject({ ok: true, how: 'index lines', commit: first });
    const two = patchAt(second, 'a.h', atLine('line twenty'));
    const other = patchAt(second, 'b.h', atLine('line 3b'));
    expect(findBase(seriesOf([two, other]), mirror)).toMatchObject({ ok: true, how: 'index lines', commit: second });
    const short = {
      ...one,
      files: one.files.map((file) => ({ ...file, beforeBlob: file.beforeBlob?.slice(0, 8) ?? null })),
    };
    expect(findBase(seriesOf([short]), mirror)).toMatchObject({ ok: true, commit: first });
  });

  test('may be a commit that was merged', () => {
    const patch = patchAt(topic, 'a.h', atLine('line 20 of a topic'));
    expect(findBase(seriesOf([patch]), mirror)).toMatchObject({ ok: true, how: 'index lines', commit: topic });
  });

  test('a base-commit that is not in the mirror gives way to the index lines', () => {
    const patch = patchAt(first, 'a.h', atLine('line 20'));
    const found = findBase(seriesOf([patch], { base: '1234567890123456789012345678901234567890' }), mirror);
    expect(found).toMatchObject({ ok: true, how: 'index lines', commit: first });
  });

  test('without index lines is the first branch on which every hunk finds its lines, moved ones too', () => {
    const onTip = unindexed(patchAt(first, 'a.h', atLine('line 35')));
    expect(findBase(seriesOf([onTip]), mirror)).toMatchObject({ ok: true, how: 'branch', commit: tip });
    const onOld = unindexed(patchAt(second, 'a.h', atLine('line twenty')));
    expect(findBase(seriesOf([onOld]), mirror)).toMatchObject({ ok: true, how: 'branch', commit: second });
  });

  test('that is none names hunk, file and each base that was tried', () => {
    const patch = unindexed(patchAt(topic, 'a.h', (text) => atLine('line 20 of a topic')(atLine('line 5')(text))));
    const found = findBase(seriesOf([patch], { base: 'f'.repeat(40) }), mirror);
    if (found.ok) throw new Error('a base was found');
    const why = whyNoBase(found, 'the mirror');
    expect(why).toContain('base-commit ffffffffffff: it is not in');
    expect(why).toContain(
      `branch master (${tip.slice(0, 12)}): patch 1 does not apply: a.h, hunk 1 (line 3): the lines`,
    );
    expect(why).toContain(
      `branch old (${second.slice(0, 12)}): patch 1 does not apply: a.h, hunk 2 (line 18): the lines`,
    );
  });

  test('has the prerequisites applied, by their patch ids', () => {
    const needed = patchAt(first, 'a.h', (text) => text.replace('line 20\n', 'line 20 as needed\n'));
    const text = lines(1, 40).replace('line 20\n', 'line 20 as needed\n');
    const made = commit({ 'a.h': text }, 'on top');
    const patch = unindexed(patchAt(made, 'a.h', atLine('line 20 as needed')));
    git('reset', '-q', '--hard', tip);
    const series = seriesOf([patch], { base: first, needs: [{ kind: 'patch', id: patchId(needed.files) as string }] });
    const found = findBase(series, mirror, knownSeries([seriesOf([needed], { messageId: 'needed@x' })]));
    expect(found).toMatchObject({ ok: true, how: 'base-commit', commit: first });
    if (found.ok) expect(Buffer.from(found.tree.read('a.h') ?? '').toString()).toBe(text);
    const unknown = findBase(series, mirror);
    expect(!unknown.ok && whyNoBase(unknown, 'the mirror')).toContain('it is in no mail that was read');
  });
});

test('a mirror that names no branch is asked for what the series says, and no more', () => {
  const asked: string[] = [];
  const watched: Mirror = {
    ...gitMirror(bare, []),
    commit: (name) => {
      asked.push(name);
      return null;
    },
  };
  const found = findBase(seriesOf([unindexed(patchAt(first, 'a.h', atLine('line 20')))], { base: 'HEAD' }), watched);
  expect([found.ok, asked]).toEqual([false, ['HEAD']]);
});
