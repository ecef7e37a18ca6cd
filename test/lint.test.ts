/** What the pure half of docs/architecture.md must not do is refused by `npm run lint`: a line of each, linted as a file of each room. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const pure = ['patch', 'mail', 'tree', 'c', 'genksyms', 'btf', 'kernel', 'kabi', 'report'];

const refused = [
  `import 'node:fs';`,
  `import 'node:net';`,
  `import 'node:child_process';`,
  `import 'node:worker_threads';`,
  `import 'node:fs/promises';`,
  `import 'undici';`,
  `import '../service/ports.js';`,
  `import '../disk/trees/directory-tree.js';`,
  `export const lazily = () => import('./review.js');`,
  `export const environment = process.env;`,
  `export const hidden = globalThis.process;`,
  `export const now = Date.now();`,
  `export const today = new Date();`,
  `export const measured = performance.now();`,
  `export const chance = Math.random();`,
  `export const answer = fetch('https://example.org');`,
  `setTimeout(() => {}, 1);`,
  `export async function declared() {}`,
  `export const arrow = async () => {};`,
  `export const method = { async run() {} };`,
  `export class Member { async run() {} }`,
];

const biome = join('node_modules', '@biomejs', 'biome', 'bin', 'biome');

test('no room of the pure half may read a clock, talk to the world or wait', () => {
  const dir = mkdtempSync(join(tmpdir(), 'kabiwatch-lint-'));
  try {
    for (const name of ['biome.json', 'lint', '.gitignore']) cpSync(name, join(dir, name), { recursive: true });
    for (const room of pure) {
      mkdirSync(join(dir, 'src', room), { recursive: true });
      writeFileSync(join(dir, 'src', room, 'scratch.ts'), `${refused.join('\n')}\n`);
    }
    const seen = linesRefused(dir);
    for (const room of pure) {
      const missed = refused.filter((_, at) => !seen.has(`src/${room}/scratch.ts:${at + 1}`));
      expect({ room, missed }).toEqual({ room, missed: [] });
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
});

/** `path:line` of each error. */
function linesRefused(dir: string): Set<string> {
  const args = [biome, 'lint', '--max-diagnostics=none', '--diagnostic-level=error', '--reporter=github', dir];
  let output = '';
  try {
    output = execFileSync(process.execPath, [...args, `--config-path=${dir}`], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (error) {
    output = (error as { stdout: string }).stdout;
  }
  return new Set(
    output.match(/(?<=file=)[^,]*,line=\d+/g)?.map((at) => at.replace(`${dir}/`, '').replace(',line=', ':')),
  );
}
