/** Who has the index of a tree made may be killed meanwhile; what makes it ends, too, with its threads and its git. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { usageOf } from '../../../src/service/process-usage.js';
import { until } from '../../servers/run.js';

const builder = join(process.cwd(), 'dist/disk/index/name-index-builder.js');
const dir = mkdtempSync(join(tmpdir(), 'kabiwatch-builder-'));
afterAll(() => rmSync(dir, { recursive: true }));

beforeAll(() => {
  if (!existsSync(builder)) execFileSync('npm', ['run', 'build', '--silent']);
  // Large enough to be at work for some seconds.
  const body = Array.from({ length: 3000 }, (_, n) => `int f${n}(struct s *s)\n{\n\treturn s->m + ${n};\n}\n`).join('');
  mkdirSync(join(dir, 'tree/arch/x86/include/asm'), { recursive: true });
  mkdirSync(join(dir, 'tree/kernel'), { recursive: true });
  writeFileSync(join(dir, 'tree/Makefile'), 'VERSION = 6\nPATCHLEVEL = 1\n');
  for (let n = 0; n < 200; n++) writeFileSync(join(dir, `tree/kernel/f${n}.c`), `struct s {\n\tint m;\n};\n${body}`);
}, 60_000);

/** Processes of this test that make an index. */
function builders(): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const isOurs = readFileSync(`/proc/${name}/environ`, 'latin1').includes(`XDG_CACHE_HOME=${dir}`);
      return isOurs && readFileSync(`/proc/${name}/cmdline`, 'latin1').includes('name-index-builder')
        ? [Number(name)]
        : [];
    } catch {
      return [];
    }
  });
}

test('it ends when who asked for it is killed', async () => {
  const spec = JSON.stringify({ tree: join(dir, 'tree'), arch: 'x86_64', config: null });
  const asks = `require('child_process').execFileSync(process.execPath, [${JSON.stringify(builder)}], { input: ${JSON.stringify(spec)} })`;
  const parent = spawn(process.execPath, ['-e', asks], {
    env: { ...process.env, XDG_CACHE_HOME: dir },
    stdio: 'ignore',
  });
  const busy = (pid: number): boolean => (usageOf(pid)?.cpuMs ?? 0) > 500;
  await until('it is at work', () => builders().some(busy), 30_000);
  parent.kill('SIGKILL');
  await until('it has ended', () => builders().length === 0, 10_000);
  // It was cut short: what it would have made at its end is not there.
  expect(existsSync(join(dir, 'kabiwatch/names'))).toBe(false);
}, 60_000);
