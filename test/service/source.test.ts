/**
 * `kabiwatch serve` with kernel source for a list: a mail's series is judged at its own base in a mirror, and from the mail alone where there
 * is none or where the tree is too much for a worker.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { scratchFolder, until } from '../servers/run.js';
import { configuration, type Servers } from '../servers/service.js';
import { startSmallService } from '../servers/small-service.js';

const folder = scratchFolder('source');
afterAll(() => folder.remove());
const work = join(folder.path, 'work');
mkdirSync(work);

function git(...args: string[]): string {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org'];
  return execFileSync('git', ['-C', work, ...identity, ...args], { encoding: 'latin1' });
}

function put(files: Readonly<Record<string, string>>, message: string): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(work, name)), { recursive: true });
    writeFileSync(join(work, name), text);
  }
  git('add', '-A');
  git('commit', '-q', '-m', message);
  return git('rev-parse', 'HEAD').trim();
}

const header = (...members: string[]) => `#ifndef S_H\n#define S_H\nstruct s {\n${members.join('\n')}\n};\n#endif\n`;
git('init', '-q', '-b', 'master', '.');
const base = put(
  {
    Makefile: 'VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 7\ninclude arch/$(SRCARCH)/Makefile\n',
    Kbuild: 'obj-y += kernel/\n',
    'arch/x86/Makefile': '',
    'arch/x86/include/asm/page.h': '',
    'kernel/Makefile': 'obj-y := s.o\n',
    'include/linux/s.h': header('\tint a;', '\tlong b;'),
    'kernel/s.c':
      '#include <linux/s.h>\n#define EXPORT_SYMBOL(name) __GENKSYMS_EXPORT_SYMBOL(name)\nint use_s(struct s *s) { return s->a; }\nEXPORT_SYMBOL(use_s);\n',
  },
  'base',
);

/** The last commit as a mail; the commit goes. */
function mailed(id: string, ...options: string[]): Buffer {
  const patch = git('format-patch', '-1', '--stdout', ...options).replace(/^From [^\n]*\n/, '');
  git('reset', '-q', '--hard', base);
  return Buffer.from(`Message-ID: <${id}>\nTo: kernel-list@example.org\n${patch}`.replace(/\n/g, '\r\n'), 'latin1');
}

put({ 'include/linux/s.h': header('\tint a;', '\tint fresh;', '\tlong b;', '\tlong c;') }, 's: grow');
const named = mailed('named@x', `--base=${base}`);
put({ 'include/linux/s.h': header('\tint a;', '\tint other;', '\tlong b;') }, 's: fill the hole');
const indexed = mailed('indexed@x');
put({ 'include/linux/s.h': header('\tint a;', '\tlong of_another_tree;', '\tlong b;') }, 's: elsewhere');
put({ 'include/linux/s.h': header('\tint a;', '\tlong of_another_tree;', '\tlong b;', '\tlong d;') }, 's: on it');
const foreign = mailed('foreign@x');
put({ 'include/linux/s.h': header('\tint a;', '\tlong b;', '\tlong first;') }, 's: first');
put({ 'include/linux/s.h': header('\tint a;', '\tlong b;', '\tlong first;', '\tlong next;') }, 's: next');
const first = Buffer.from(
  `Message-ID: <first@x>\r\n${git('format-patch', '-1', '--stdout', 'HEAD^')
    .replace(/^From [^\n]*\n/, '')
    .replace(/\n/g, '\r\n')}`,
  'latin1',
);
const next = mailed('next@x', `--base=${base}`);
put({ 'include/linux/s.h': header('\tint a;', '\tlong b;', '\tlong needed;') }, 's: needed');
put({ 'include/linux/s.h': header('\tint a;', '\tlong b;', '\tlong needed;', '\tlong more;') }, 's: more');
const [neededText, moreText] = ['HEAD^', 'HEAD'].map((commit) => git('format-patch', '-1', '--stdout', commit));
git('reset', '-q', '--hard', base);
const sent = (id: string, text: string, about: string): Buffer =>
  Buffer.from(
    `Message-ID: <${id}>\n${text}`.replace(/^From [0-9a-f]{40} .*\n/m, '').replace('\n---\n', `\n${about}\n---\n`),
  );
const lateNeed = sent('needed@x', neededText as string, '');
const dependent = sent('more@x', moreText as string, '\nDepends-on: <needed@x>');
const bare = join(folder.path, 'mirror.git');
execFileSync('git', ['clone', '-q', '--bare', work, bare]);
const build = join(folder.path, 'build');
mkdirSync(join(build, 'include/generated'), { recursive: true });
writeFileSync(
  join(build, '.config'),
  '# Linux/x86 6.1.7 Kernel Configuration\nCONFIG_X86_64=y\nCONFIG_MODVERSIONS=y\n',
);

const onSource = (source: object) => (folder: string, servers: Servers) =>
  configuration(folder, servers, {}, { reply: 'always', quiet: '1s', source });

const repliesIn = (folder: string): string[] =>
  readdirSync(join(folder, 'replies')).map((name) => readFileSync(join(folder, 'replies', name), 'latin1'));

/** Evidence, verdict and reply of each series by its Message-ID. */
async function served(mails: readonly Buffer[], source: object): Promise<Map<string, [string, string, string]>> {
  const { folder, imap, service, stop } = await startSmallService(onSource(source));
  try {
    for (const mail of mails) {
      imap.deliver(mail);
      const [, id] = /^Message-ID: <(.*)>/m.exec(mail.toString('latin1')) ?? [];
      await until(
        'it is reviewed',
        () => service.lines.some((line) => line.msg === 'reviewed' && line.series === id),
        60_000,
      );
    }
    await until(
      'they are answered',
      () => service.lines.filter(({ msg }) => msg === 'reply sent').length >= mails.length,
    );
    const texts = repliesIn(folder);
    return new Map(
      service.lines
        .filter(({ msg }) => msg === 'reviewed')
        .map(({ series, evidence, verdict }) => [
          String(series),
          [String(evidence), String(verdict), texts.find((text) => text.includes(`In-Reply-To: <${series}>`)) ?? ''],
        ]),
    );
  } finally {
    await stop();
  }
}

test('a series is judged at the base that it names, that its index lines have, or after what it needs', async () => {
  const reviews = await served([named, indexed, foreign, first, next], {
    tree: bare,
    branches: ['master'],
    build: [build],
  });
  const [evidence, , reply] = reviews.get('named@x') ?? [];
  expect(evidence).toBe('source');
  expect(reply).toContain(base);
  expect(reply).toContain('mirror.git');
  expect(reply).not.toContain(folder.path);
  expect(reviews.get('indexed@x')?.[0]).toBe('source');
  expect(reviews.get('foreign@x')?.[0]).toBe('diff');
  expect(reviews.get('foreign@x')?.[2]).toMatch(/does not apply:\s+include\/linux\/s\.h,\s+hunk 1/);
  expect(reviews.get('next@x')?.[0]).toBe('source');
}, 180_000);

test('what a series depends on may come after it: then it is judged again, with it', async () => {
  const source = { tree: bare, branches: ['master'], build: [build] };
  const { folder, imap, service, stop } = await startSmallService(onSource(source));
  const reviewed = () =>
    service.lines.filter(({ msg }) => msg === 'reviewed').map(({ series, evidence }) => [series, evidence]);
  try {
    imap.deliver(dependent);
    await until('it is reviewed', () => reviewed().length === 1, 120_000);
    imap.deliver(lateNeed);
    await until('both are', () => reviewed().length === 3, 120_000);
    expect(reviewed()[0]).toEqual(['more@x', 'diff']);
    expect(reviewed().slice(1).sort()).toEqual([
      ['more@x', 'source'],
      ['needed@x', 'source'],
    ]);
    const [first] = repliesIn(folder);
    expect(first?.replace(/\s+/g, ' ')).toContain('prerequisite needed@x: it is in no mail that was read');
  } finally {
    await stop();
  }
}, 180_000);

test('kabiwatch review applies what a series depends on, where it is given; else says that it is not', () => {
  const file = (name: string, mail: Buffer): string => {
    writeFileSync(join(folder.path, name), mail);
    return join(folder.path, name);
  };
  const [needed, more] = [file('needed.eml', lateNeed), file('more.eml', dependent)];
  const review = (tree: string, ...files: string[]) => {
    const args = ['dist/cli/main.js', 'review', '--json', '--no-advice', '--tree', tree, '--build', build, ...files];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'latin1' });
    if (stderr !== '') throw new Error(stderr);
    const parsed = JSON.parse(stdout);
    return [parsed].flat().find(({ series }) => series.messageId === 'more@x');
  };
  for (const tree of [bare, work]) {
    const both = review(tree, needed, more);
    expect([tree, both.evidence, both.types[0]?.before.size]).toEqual([tree, 'source', 24]);
    expect(JSON.stringify(both.missing)).not.toContain('prerequisite');
    const alone = review(tree, more);
    expect(JSON.stringify(alone.missing)).toContain('prerequisite needed@x');
  }
}, 120_000);

test('a worker that breaks on the tree is followed by a review of the mail, which says so', async () => {
  const reviews = await served([named], { tree: bare, build: [build], timeLimit: '1ms' });
  expect(reviews.get('named@x')?.[0]).toBe('diff');
  expect(reviews.get('named@x')?.[2]).toMatch(/judging on it was given\s+up: took longer than/);
}, 120_000);

test('a tree that is not there leaves the mail, and says so without the place', async () => {
  const reviews = await served([named], { tree: join(folder.path, 'gone'), build: [build] });
  const [evidence, , reply = ''] = reviews.get('named@x') ?? [];
  expect(evidence).toBe('diff');
  expect(reply).toContain('no kernel source tree');
  expect(reply).not.toContain(folder.path);
}, 120_000);
