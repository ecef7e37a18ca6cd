/** Our versions against the real genksyms, run here on inputs written for it and on random ones. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { tokenize } from '../../src/c/lex/tokenize.js';
import { crcText } from '../../src/genksyms/crc.js';
import { dialectOf } from '../../src/genksyms/dialect.js';
import { symbolsOf } from '../../src/genksyms/expand.js';
import { symtypesText } from '../../src/genksyms/symtypes.js';
import { debianKernel, skipped } from '../truth/kernel.js';

const genksyms = debianKernel()?.genksyms ?? '';

/** What the real tool says of a text that stands in a header, its exports in the unit's own file. */
function truth(text: string): { crcs: string; types: string } {
  const dir = mkdtempSync(join(tmpdir(), 'genksyms-'));
  try {
    const run = spawnSync(genksyms, ['-T', join(dir, 'types')], {
      input: marked(text),
      encoding: 'latin1',
      timeout: 20_000,
    });
    return { crcs: run.stdout.trim(), types: readFileSync(join(dir, 'types'), 'latin1') };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** The text up to `//own` is a header's, the rest the unit's. */
function marked(text: string): string {
  const [header = '', own = ''] = text.split('//own\n');
  return `# 1 "unit.c"\n# 1 "header.h" 1\n${header}\n# 2 "unit.c" 2\n${own}\n`;
}

function ours(text: string): { crcs: string; types: string } {
  const [header = ''] = text.split('//own\n');
  const tokens = tokenize(Buffer.from(text.replace('//own\n', '      \n'), 'latin1'));
  for (let at = 0; at < tokens.length; at++) tokens.file[at] = (tokens.offset[at] as number) < header.length ? 1 : 0;
  const { exports, expanded } = symbolsOf({ tokens, mainFile: 0, stretches: [] }, dialectOf('6.1.0'));
  const crcs = exports
    .filter(({ crc }) => crc !== null)
    .map(({ name, crc }) => `#SYMVER ${name} ${crcText(crc as number)}`);
  return { crcs: crcs.join('\n'), types: symtypesText(expanded) };
}

const parts = readFileSync('test/cases/genksyms/texts.txt', 'utf8')
  .split(/^\/\/=== (.*)\n/m)
  .slice(1);
const cases = Array.from({ length: parts.length / 2 }, (_, i) => [parts[2 * i] as string, parts[2 * i + 1] as string]);

const present = existsSync(genksyms);
if (!present) skipped('genksyms of linux-kbuild-6.1');
const withTruth = present ? test : test.skip;

withTruth.each(cases)('%s', (_title, text = '') => {
  expect(ours(text)).toEqual(truth(text));
});

const word = fc.constantFrom(
  'int',
  'unsigned',
  'long',
  'const',
  'char',
  'T',
  'struct s',
  'struct u',
  'enum e',
  'union v',
  'static',
  'extern',
  'inline',
);
const name = fc.constantFrom('a', 'b', 'c', 'f', 'g', 's', 'A', 'T');
const piece = fc.constantFrom(
  '*',
  '(',
  ')',
  '[3]',
  '{',
  '}',
  ';',
  ',',
  ':',
  '=',
  '...',
  '__attribute__((packed))',
  'restrict',
  'typeof(a)',
  'typeof(*a)',
  'typeof(int)',
  '1ULL',
  'asm("x")',
  '_Static_assert(1, "")',
  '__extension__',
  'typedef',
);
const soup = fc.array(fc.oneof(word, name, piece), { minLength: 1, maxLength: 14 }).map((parts) => parts.join(' '));
const member = fc.oneof(
  fc.tuple(word, fc.constantFrom('', '*', '* const'), name).map(([w, p, n]) => `${w} ${p}${n};`),
  soup.map((text) => `${text};`),
);
const declaration = fc.oneof(
  fc
    .tuple(fc.constantFrom('struct s', 'struct u', 'union v', 'struct'), fc.array(member, { maxLength: 4 }), name)
    .map(([k, m, n]) => `${k} { ${m.join(' ')} } ${k === 'struct' ? n : ''};`),
  fc.tuple(word, name, fc.array(word, { maxLength: 3 })).map(([w, n, p]) => `${w} *${n}(${p.join(', ')});`),
  fc.tuple(word, name).map(([w, n]) => `typedef ${w} ${n};`),
  fc
    .array(fc.tuple(name, fc.constantFrom('', ' = 3', ' = A + 1')), { minLength: 1, maxLength: 3 })
    .map((list) => `enum e { ${list.map(([n, v]) => n + v).join(', ')} };`),
  soup.map((text) => `${text};`),
);

withTruth('random declarations, well formed and not, get the versions that genksyms gives', () => {
  const unit = fc
    .tuple(fc.array(declaration, { maxLength: 8 }), fc.array(declaration, { maxLength: 3 }))
    .map(([header, own]) => {
      const exports = ['a', 'b', 'c', 'f', 'g'].map((one) => `__GENKSYMS_EXPORT_SYMBOL(${one});`);
      return `typedef int T0; ${header.join('\n')}\n//own\n${own.join('\n')}\n;};\n${exports.join('\n')}`;
    });
  fc.assert(
    fc.property(unit, (text) => {
      expect(ours(text)).toEqual(truth(text));
    }),
    { numRuns: Number(process.env.GENKSYMS_RUNS ?? 400) },
  );
});
