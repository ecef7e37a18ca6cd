/**
 * Which exporting sources may reach a type, told from what headers and sources spell, held against a reference's own closures:
 * npm run verify:reaching -- --reference R --tree D --build B [--most 3000]
 *
 * For structs and unions of public headers: where it is told at all, every source whose export reaches the type must be among those told, or a change
 * of the type would be said to move no version.
 */
import { parseArgs } from 'node:util';
import { openNamedReference } from '../dist/disk/references/references.js';
import { treeInput } from '../dist/disk/tree-input.js';
import { dumpKey } from '../dist/kabi/judge-symbols.js';
import { isPublicHeader } from '../dist/kabi/public-header.js';
import { unpackNumbers } from '../dist/kernel/number-set.js';
import { unitKey } from '../dist/kernel/reference.js';

const text = { type: 'string' };
const { values } = parseArgs({
  options: { reference: text, tree: text, build: { ...text, multiple: true }, most: text },
});
if (values.reference === undefined || values.tree === undefined) {
  console.log('skipped: give --reference and --tree');
  process.exit(0);
}
const reference = openNamedReference(values.reference);
const input = treeInput({ tree: values.tree, build: values.build ?? [], arch: null });
const { index } = input.whoUses();
const names = ['struct ', 'union ']
  .flatMap((kind) => index.keysWith(kind))
  .filter((name) => /^\w+ \w+$/.test(name) && index.filesDeclaring('record', name).some(isPublicHeader));
// Spread over the alphabet, each run the same.
const step = Math.max(1, Math.floor(names.length / Number(values.most ?? 3000)));
const asked = names.filter((_, at) => at % step === 0);

const counts = { told: 0, none: 0, reached: 0, wrong: 0 };
for (const [done, name] of asked.entries()) {
  process.stderr.write(`\r${done} of ${asked.length}`);
  const through = input.reaching([name]);
  if (through?.isAll !== true) continue;
  counts.told++;
  const told = new Set(input.spelling(through.types));
  if (told.size === 0) counts.none++;
  const rows = reference.row('types', dumpKey(name)) ?? [];
  const sources = rows
    .filter(({ text }) => !text.includes('{ UNKNOWN }'))
    .flatMap(({ units }) =>
      unpackNumbers(units).map((number) => reference.row('exporting', unitKey(number))?.source ?? ''),
    );
  if (sources.length > 0) counts.reached++;
  const left = sources.filter((source) => source.endsWith('.c') && !told.has(source));
  if (left.length === 0) continue;
  counts.wrong++;
  console.log(`\rWRONG ${name}: ${left.length} of ${sources.length} sources reach it and are not told, as ${left[0]}`);
}
console.log(
  `\n| types of public headers | told | of these with no export | reached in the reference | wrong |\n|---|---|---|---|---|\n| ${asked.length} | ${counts.told} | ${counts.none} | ${counts.reached} | ${counts.wrong} |`,
);
process.exitCode = counts.wrong === 0 ? 0 : 1;
