/** What is too large, with a clone and without: the rest is judged, the check concludes, and says what is not known. */
import { describe, expect, test } from '@jest/globals';
import { readDiff } from '../../src/github/api-diff.js';
import type { TypeChange } from '../../src/kabi/review.js';
import type { Judge } from '../../src/service/ports.js';
import { reviewPull } from '../../src/service/pull-review.js';
import { judgeLines, type Running, startApp, stopAppAfterEach } from './app.js';
import { repo } from './identity.js';
import { comment, header, openPull } from './scene.js';

let app: Running;
stopAppAfterEach();

const real: Judge = (source, settings) => reviewPull(source, settings);
const path = 'include/linux/s.h';
const large = (megabytes: number) =>
  `${'long filler_of_a_line_that_is_long_enough;\n'.repeat(25_000)}`.repeat(megabytes);

async function concluded(
  files: Readonly<Record<string, string>>,
  mirrors: boolean,
  judge: Judge = judgeLines,
  base?: Readonly<Record<string, string>>,
) {
  app = await startApp({ mirrors, judge });
  const { github } = app;
  const scene = await openPull(github, files, base === undefined ? {} : { base });
  await app.settle();
  const checks = github.checks(scene.pull.headSha);
  expect(checks).toHaveLength(1);
  expect(checks[0]?.status).toBe('completed');
  return {
    conclusion: checks[0]?.conclusion,
    summary: checks[0]?.output.summary ?? '',
    lines: checks[0]?.annotations.map((one) => one.start_line),
  };
}

describe('without a clone', () => {
  test('a small pull request is judged by its diff, and says that there was no tree', async () => {
    const { conclusion, summary, lines } = await concluded({ [path]: header(40, { 5: 'a' }) }, false);
    expect(conclusion).toBe('failure');
    expect(lines).toEqual([5]);
    expect(summary).toContain('there is no clone of this repository');
    expect(app.github.calls.filter(({ name }) => name === 'git')).toEqual([]);
  });

  test('a diff of 20 MB is judged', async () => {
    const { lines } = await concluded({ [path]: header(40, { 5: 'a' }), 'big.c': large(20) }, false);
    expect(lines).toEqual([5]);
  });

  test('a diff of over 64 MiB is not: it is not known, neutral, and said', async () => {
    const { conclusion, summary } = await concluded(
      { [path]: header(40, { 5: 'a' }), 'big.c': large(66) },
      false,
      real,
    );
    expect(conclusion).toBe('neutral');
    expect(summary).toContain('larger than 64 MiB');
  });

  test('3,000 files, of which GitHub gives no diff: the same', async () => {
    const files = Object.fromEntries(Array.from({ length: 3000 }, (_, n) => [`d${n % 30}/f${n}.c`, `long x${n};\n`]));
    // Nobody knows that none of it lies where the repository looks.
    const config = { '.github/kabiwatch.yml': 'paths: ["include/**"]\n' };
    const { conclusion, summary } = await concluded(files, false, real, { ...config, [path]: header(40) });
    expect(conclusion).toBe('neutral');
    expect(summary).toContain('GitHub gives no diff of this size');
  });
});

test('a download ends where it is too large, whatever its sender says', async () => {
  const sent = { chunks: 0, cancelled: false };
  async function* endless() {
    try {
      for (;;) {
        sent.chunks++;
        yield new Uint8Array(1024);
      }
    } finally {
      sent.cancelled = true;
    }
  }
  expect(await readDiff(async () => ({ data: endless() }), 10 * 1024)).toMatchObject({ kind: 'too-large' });
  expect(sent).toEqual({ chunks: 11, cancelled: true });
});

test('a commit of over 64 MiB: what lies before it is judged, the rest named', async () => {
  app = await startApp();
  const { github } = app;
  const base = await github.commit(repo, 'main', { [path]: header(40) }, 'base');
  await github.commit(repo, 'topic-1', { [path]: header(40, { 5: 'a' }) }, 'small', base);
  const small = await github.git(repo, 'rev-parse', 'refs/heads/topic-1');
  await github.commit(repo, 'topic-1', { 'big.c': large(66) }, 'big', small);
  const scene = await openPull(github, { README: 'more\n' }, { from: await github.git(repo, 'rev-parse', 'topic-1') });
  await app.settle();
  const [check] = github.checks(scene.pull.headSha);
  expect(check?.status).toBe('completed');
  expect(check?.output.summary).toContain('the diffs are larger than 64 MiB');
}, 240_000);

test('a command in a comment of 65,536 characters is answered, also when the answer would be longer', async () => {
  app = await startApp();
  const { github } = app;
  const scene = await openPull(github, { [path]: header(40, { 5: 'a' }) });
  const lines = Array.from({ length: 5 }, () => `/kabi explain struct ${'`@x '.repeat(60)}`).join('\n');
  const asked = await comment(github, scene, 'alice', `${lines}\n${'x'.repeat(65_536 - lines.length - 1)}`);
  expect(asked.body).toHaveLength(65_536);
  await app.settle();
  const [answer] = github.comments(1).filter(({ body }) => body.includes(`answer ${asked.id}`));
  expect(answer?.body.length).toBeLessThanOrEqual(65_536);
  expect(answer?.body).toContain('does not change');
});

test('a review with more to say than a comment holds keeps within 65,536 characters, and GitHub takes it', async () => {
  const types = Array.from({ length: 3000 }, (_, n) => typeChange(`a_struct_with_a_long_name_${n}`));
  app = await startApp({
    async judge(source, settings) {
      const judgement = await judgeLines(source, settings);
      const missing = types.map(({ name }) => ({ what: `the type ${name} `.repeat(20), why: 'x'.repeat(400) }));
      return { ...judgement, review: { ...judgement.review, types, missing } };
    },
  });
  const { github } = app;
  const scene = await openPull(github, { [path]: header(40, { 5: 'a' }) });
  await app.settle();
  const body = github.comments(1)[0]?.body ?? '';
  expect(body.length).toBeGreaterThan(30_000);
  expect(body.length).toBeLessThanOrEqual(65_536);
  expect(github.checks(scene.pull.headSha)[0]?.output.summary?.length).toBeLessThanOrEqual(65_535);
});

function typeChange(name: string): TypeChange {
  const member = { name: 'a_member_with_a_long_name', change: 'added' as const, before: null, after: null };
  return {
    ...{ kind: 'struct', name, file: path, line: 1, verdict: 'crc-break' },
    before: { size: 16, align: 8 },
    after: { size: 24, align: 8 },
    embeddedIn: [],
    members: Array.from({ length: 6 }, () => member),
  };
}
