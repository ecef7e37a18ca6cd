// The case this project is modelled on, on RHEL 5's own kernel: a pointer appended to mm_context_t, for i386 and x86_64, in the open and hidden
// from genksyms. Checked against the answer that was found by hand:  npm run verify:mm-context -- --repo GIT [--tag 2.6.18-8.el5]
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { repo: { type: 'string' }, tag: { type: 'string', default: '2.6.18-8.el5' } },
});
if (values.repo === undefined) {
  console.log('skipped: give --repo, a git copy of the CentOS 5 kernel with tags like 2.6.18-8.el5');
  process.exit(0);
}
const git = (...args) =>
  spawnSync('git', ['-C', values.repo, ...args], { encoding: 'utf8', maxBuffer: 1 << 28 }).stdout;
const at = (path) => git('show', `${values.tag}:${path}`);

const moved = [
  'swap_token_time',
  'recent_pagein',
  'core_waiters',
  'core_startup_done',
  'core_done',
  'ioctx_list_lock',
  'ioctx_list',
];
const users = ['fs/aio.c', 'fs/exec.c', 'kernel/exit.c', 'kernel/fork.c', 'mm/thrash.c'];
const field = '\tstruct uprobe_ssol_area *uprobes_ssol_area;';
const guarded = ['#ifndef __GENKSYMS__', field, '#endif'];
let wrong = 0;

/** A diff that puts `added` before the end of mm_context_t. */
function patchFor(path, added) {
  const lines = at(path).split('\n');
  const end = lines.findIndex((line) => line.startsWith('} mm_context_t'));
  const before = lines.slice(end - 3, end);
  const after = lines.slice(end, end + 1);
  const hunk = `@@ -${end - 2},${before.length + after.length} +${end - 2},${before.length + after.length + added.length} @@`;
  const body = [
    ...before.map((line) => ` ${line}`),
    ...added.map((line) => `+${line}`),
    ...after.map((line) => ` ${line}`),
  ];
  return `--- a/${path}\n+++ b/${path}\n${hunk}\n${body.join('\n')}\n`;
}

function check(what, is, wanted) {
  const isRight = JSON.stringify(is) === JSON.stringify(wanted);
  if (!isRight) wrong++;
  return isRight ? 'as found by hand' : `WRONG: ${JSON.stringify(is)}, not ${JSON.stringify(wanted)} (${what})`;
}

const scratch = mkdtempSync(join(tmpdir(), 'kabiwatch-mm-context-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
console.log(
  '| architecture | guard | verdict | moved, by bytes | users | size | modules, inline |\n|---|---|---|---|---|---|---|',
);
for (const [arch, config, bytes] of [
  ['i386', 'i686', 4],
  ['x86_64', 'x86_64', 8],
]) {
  const build = join(scratch, arch);
  mkdirSync(build);
  writeFileSync(join(build, '.config'), at(`configs/kernel-2.6.18-${config}.config`));
  for (const [guard, added] of [
    ['none', [field]],
    ['__GENKSYMS__', guarded],
  ]) {
    const patch = join(scratch, `${arch}-${guard}.patch`);
    writeFileSync(patch, patchFor(`include/asm-${arch}/mmu.h`, added));
    const args = [
      'dist/cli/main.js',
      'review',
      patch,
      '--tree',
      `${values.repo}@${values.tag}`,
      '--build',
      build,
      '--arch',
      arch,
      '--json',
      '--no-advice',
    ];
    const review = JSON.parse(spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 28 }).stdout);
    const type = review.types.find(({ name }) => name === 'mm_struct');
    const shifted = type.members.filter(({ change }) => change === 'moved');
    const of = (kind) =>
      review.consumers.filter(
        (one) => one.type === 'struct mm_struct' && one.kind === kind && one.place !== 'possible',
      );
    const files = (kind) => [...new Set(of(kind).map(({ file }) => file))].sort();
    const row = [
      check('verdict', review.verdict, guard === 'none' ? 'crc-break' : 'conditional'),
      check(
        'moved',
        shifted.map(({ name, before, after }) => [name, (after.bitOffset - before.bitOffset) / 8]),
        moved.map((name) => [name, bytes]),
      ),
      check('users', files('access'), users),
      check('size', [...files('sizeof'), ...files('define')], ['kernel/fork.c', `arch/${arch}/kernel/init_task.c`]),
      check('places', review.consumers.filter(({ place }) => place === 'module' || place === 'inline').length, 0),
    ];
    console.log(`| ${arch} | ${guard} | ${review.verdict}: ${row.join(' | ')} |`);
  }
}
process.exitCode = wrong > 0 ? 1 : 0;
