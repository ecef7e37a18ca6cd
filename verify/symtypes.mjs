// `kabiwatch symtypes` against `gcc -E -D__GENKSYMS__ | genksyms -T`, byte for byte:
//   node verify/symtypes.mjs --tree CONFIGURED_TREE [--units 300] [--only PREFIX]
// Units are spread over all that may export something. Lists the units that differ, with the first line that does.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { preprocess } from '../dist/c/preprocess/preprocess.js';
import { symbolsOf } from '../dist/genksyms/expand.js';
import { symtypesText } from '../dist/genksyms/symtypes.js';
import { flaggedUnit } from '../dist/kernel/unit.js';
import { configuredTree, preprocessing, quoted } from './gcc-genksyms.mjs';

const text = { type: 'string' };
const { values: asked } = parseArgs({ options: { tree: text, units: text, only: text } });
const dir = asked.tree ?? 'absent';
const { genksyms, world, units: all } = configuredTree(dir, asked.only ?? '');
const count = Math.min(Number(asked.units ?? 300), all.length);
const units = Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)]);

const made = mkdtempSync(join(tmpdir(), 'kabiwatch-symtypes-'));
let [equal, different, unread] = [0, 0, 0];
for (const unit of units) {
  const file = join(made, 'dump');
  rmSync(file, { force: true });
  const script = `set -o pipefail; ${preprocessing(unit)} 2>/dev/null | ${quoted(genksyms)} -T ${quoted(file)} > /dev/null 2>&1`;
  const { status } = spawnSync('bash', ['-c', script], { cwd: dir });
  if (status !== 0 || !existsSync(file)) {
    unread++;
    console.log(`${unit.source}: gcc or genksyms fails on it`);
    continue;
  }
  const asPreprocessed = flaggedUnit(unit.source, unit, unit.flags, world.predefined, 'genksyms');
  const { tokens, files, stretches } = preprocess(asPreprocessed, world.tree, world.cache);
  const read = { tokens, mainFile: files.indexOf(unit.source), stretches };
  const ours = symtypesText(symbolsOf(read, world.dialect, world.declarations).expanded);
  const theirs = readFileSync(file, 'latin1');
  if (ours === theirs) equal++;
  else {
    different++;
    const [mine, truth] = [ours.split('\n'), theirs.split('\n')];
    const at = truth.findIndex((line, i) => line !== mine[i]);
    console.log(
      `${unit.source}: line ${at + 1}\n  genksyms  ${truth[at]?.slice(0, 300)}\n  kabiwatch ${mine[at]?.slice(0, 300)}`,
    );
  }
}
rmSync(made, { recursive: true });
console.log(`\n| units | equal, byte for byte | different | toolchain fails |\n|---|---|---|---|`);
console.log(`| ${units.length} | ${equal} | ${different} | ${unread} |`);
process.exitCode = different === 0 && equal > 0 ? 0 : 1;
