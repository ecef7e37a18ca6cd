/**
 * The App with the real engine in a real worker, a kernel-like tree in the mirror, builds for two architectures and a reference: offsets,
 * versions and annotations are those of the tree. The versions are what genksyms itself says of these declarations.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import type { Layout } from '../../src/c/layout.js';
import { writeReference } from '../../src/disk/references/reference-file.js';
import type { Review } from '../../src/kabi/review.js';
import type { ReferenceMeta } from '../../src/kernel/reference.js';
import { judgeIn } from '../../src/service/pull-judge.js';
import { scratchFolder } from '../servers/run.js';
import { type Running, startApp, stopAppAfterEach } from './app.js';
import { repo } from './identity.js';
import { startWorker } from './pool.js';
import { openPull, push } from './scene.js';
import { after, buildFolder, kernel, path } from './small-kernel.js';

const folder = scratchFolder('tree');
const pool = startWorker();
let app: Running;
stopAppAfterEach();
afterAll(() => folder.remove());

/** By genksyms 6.1 for `kernel/s.c`, before and after. */
const versions = ['0x202b510f', '0x6e274eeb'] as const;

const builds = () => [
  buildFolder(folder.path, 'amd64', 'CONFIG_X86_64=y\n'),
  buildFolder(folder.path, 'i386', 'CONFIG_X86_32=y\nCONFIG_X86=y\n'),
];

function reference(name: string, shipped: number, size: number): string {
  const at = join(folder.path, `${name}.kabiref`);
  mkdirSync(dirname(at), { recursive: true });
  const meta: ReferenceMeta = {
    name,
    arch: 'x86_64',
    version: '6.1.7',
    source: null,
    build: null,
    crcMode: 'genksyms',
  };
  const place = { bitSize: 0, inner: null };
  const layout: Layout = {
    kind: 'struct',
    name: 's',
    typedef: false,
    size,
    align: 8,
    members: [
      { name: 'a', bitOffset: 0, size: 4, type: 'int', ...place },
      { name: 'b', bitOffset: 64, size: 8, type: 'long int', ...place },
    ],
  };
  const symbol = {
    name: 'use_s',
    module: 'vmlinux',
    license: 'any',
    namespace: null,
    computed: null,
    source: null,
  } as const;
  writeReference(at, meta, {
    symbols: new Map([['use_s', [{ ...symbol, shipped }]]]),
    shipped: new Map([['struct s', [layout]]]),
    files: new Map([['list/stable', '[list]\nuse_s\n']]),
  });
  return at;
}

async function start(config: string, references: Readonly<Record<string, string>> = {}): Promise<void> {
  app = await startApp({ judge: judgeIn(pool, { build: builds(), timeMs: 60_000, references: () => references }) });
  await app.github.commit(repo, 'main', { ...kernel, '.github/kabiwatch.yml': config }, 'base');
}

test('offsets and versions are the tree’s, annotations lie on their lines, each architecture has its row', async () => {
  await start('architectures: [x86_64, i386]\n');
  const { github } = app;
  const scene = await openPull(github, { [path]: `/* a line\n   more */\n${after}` });
  await app.settle();
  const [check] = github.checks(scene.pull.headSha);
  expect(check?.conclusion).toBe('failure');
  const placed = check?.annotations.map(({ title, start_line, message }) => [title, start_line, message]);
  expect(placed).toContainEqual(['member-added-in-hole', 7, '`int fresh` at byte 4 fills a hole']);
  // A long has four bytes there, so there is no hole.
  expect(placed).toContainEqual(['member-moved', 8, 'i386: `b` moves from byte 4 to byte 8']);
  expect(placed).toContainEqual(['size-changed', 5, 'i386: size 8 becomes 12']);
  const [comment] = github.comments(1);
  expect(comment?.body).toContain('| `struct s` | 16 bytes | 16 bytes | `fresh` added at 4 | crc-break |');
  expect(comment?.body).toContain(`| ${versions[0]} | ${versions[1]} |`);
  for (const arch of ['x86_64', 'i386'])
    expect(comment?.body).toContain(`| \`${arch}\` | – | crc-break | 1 | 1 | \`source\` |`);
  expect(check?.output.summary).toContain('| `i386` |');
});

test('a reference is compared with: agreement verifies, disagreement and absence are said', async () => {
  const references = {
    right: reference('right', Number(versions[0]), 16),
    wrong: reference('wrong', 1, 24),
  };
  await start('references: [right]\n', references);
  const { github, store } = app;
  const scene = await openPull(github, { [path]: after });
  await app.settle();
  expect(github.comments(1)[0]?.body).toContain('Judged for x86_64, right, genksyms.');
  expect(github.comments(1)[0]?.body).toMatch(/\| `use_s` \| `vmlinux` \|.*\| yes \|/);
  const read = async () =>
    (await store.query<{ body: Review }>('select body from kabiwatch.review order by id desc limit 1'))[0]?.body;
  const agreed = await read();
  expect(agreed?.evidence).toBe('reference');
  expect(agreed?.findings.map(({ rule, verified }) => [rule, verified]).sort()).toEqual([
    ['crc-changed', true],
    ['member-added-in-hole', true],
  ]);
  const main = await github.commit(repo, 'main', { '.github/kabiwatch.yml': 'references: [wrong, absent]\n' }, 'wrong');
  await push(github, scene, { [path]: after, README: 'c\n' }, main);
  await app.settle();
  const differs = await read();
  expect(differs?.findings.every(({ verified }) => !verified)).toBe(true);
  const said = differs?.missing.map(({ what, why }) => `${what}: ${why}`) ?? [];
  expect(said).toContain('struct s in reference wrong: its size is 24 as shipped, 16 in this tree');
  expect(said).toContain(`use_s in reference wrong: its version is 0x00000001 as shipped, ${versions[0]} in this tree`);
  expect(said).toContain('reference absent: the service does not have it, or cannot read it');
});

test('an architecture without a build is judged by the diff, and says so', async () => {
  await start('architectures: [s390x]\n');
  const { github } = app;
  const scene = await openPull(github, { [path]: after });
  await app.settle();
  expect(github.checks(scene.pull.headSha)[0]?.output.summary).toContain('no build for s390x is configured');
  expect(github.checks(scene.pull.headSha)[0]?.output.summary).not.toContain('16 bytes');
});

test('outside of `paths` the check is neutral and says that nothing was looked at; inside it is judged', async () => {
  await start('paths: ["include/**"]\n');
  const { github } = app;
  const scene = await openPull(github, { 'kernel/s.c': `${kernel['kernel/s.c']}/* more */\n` });
  await app.settle();
  expect(github.checks(scene.pull.headSha)).toMatchObject([
    { status: 'completed', conclusion: 'neutral', output: { title: expect.stringContaining('not looked at') } },
  ]);
  expect(github.comments(1)).toEqual([]);
  await push(github, scene, { [path]: after });
  await app.settle();
  expect(github.checks(scene.pull.headSha)).toMatchObject([{ conclusion: 'failure' }]);
});
