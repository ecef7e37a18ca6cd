/** What gendwarfksyms hashes. The cases are checked with the tool itself by verify:gendwarfksyms; Debian 12 has none. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { tokenize } from '../../src/c/lex/tokenize.js';
import { readDeclarations } from '../../src/c/parse/declarations.js';
import { targets } from '../../src/c/target.js';
import { crcText } from '../../src/genksyms/crc.js';
import { dwarfDump, dwarfVersion } from '../../src/genksyms/dwarf-dump.js';
import { dwarfRules } from '../../src/genksyms/dwarf-rules.js';

interface Case {
  readonly what: string;
  readonly version: 'same' | 'another';
  readonly before: string;
  readonly after: string;
}

const cases: readonly Case[] = JSON.parse(readFileSync('test/cases/genksyms/gendwarfksyms.json', 'utf8'));
const user = 'int f(struct s *p) { return 0; }';

function dumpOf(text: string, exports: readonly string[], isPrivate = false): ReadonlyMap<string, string> {
  const tokens = tokenize(Buffer.from(text));
  const unit = readDeclarations(tokens, { target: targets.x86_64 });
  return dwarfDump(exports, { unit, rules: dwarfRules(tokens), isPrivate: () => isPrivate });
}

describe('The version by gendwarfksyms', () => {
  const versionOf = (text: string): number => dwarfVersion('f', dumpOf(`${text}\n${user}`, ['f']));

  test.each(cases)('$what: $version', ({ before, after, version }) => {
    expect(versionOf(before) === versionOf(after) ? 'same' : 'another').toBe(version);
  });

  test('a rule of an unknown version says nothing', () => {
    const hidden = 'static const char __gendwarfksyms_rule_1[] = "9\\0" "declonly\\0" "s\\0" "";';
    expect(versionOf(`struct s { int a; }; ${hidden}`)).not.toBe(versionOf(`struct s { long a; }; ${hidden}`));
  });

  test('what a source file defines is private', () => {
    const text = `struct s { int a; };\n${user}`;
    expect(dumpOf(text, ['f'], true).get('s#s')).toBe('structure_type s { }');
  });

  test('types as deep as hostile text makes them, and a slot that stands for its own union', () => {
    const deep = Array.from({ length: 20_000 }, (_, i) => `struct d${i} { struct d${i + 1} *next; };`).join('\n');
    const loop = 'union u { union u *__kabi_reserved0; int a; };';
    const text = `${deep}\n${loop}\nstruct s { struct d0 *first; union u u; };`;
    expect(versionOf(text)).not.toBe(versionOf(text.replace('struct d20000 *next', 'struct other *next')));
  });

  // Measured: gcc 12 -g, and the tool of Linux 7.2.
  test('is the tool’s own value', () => {
    const text =
      'struct s { int a; long b; };\nenum e { A = 1, B = -1, C };\nstruct al { int a; } __attribute__((aligned(16)));\n' +
      'int f(struct s *s, int (*cb)(int arg, struct al *), enum e e, ...) { return s->a; }\nint k(int);\nint k(const int renamed) { return renamed; }\n';
    const dump = dumpOf(text, ['f', 'k']);
    expect(['f', 'k'].map((name) => crcText(dwarfVersion(name, dump)))).toEqual(['0xdfeafba5', '0x8da57317']);
    expect(dump.get('s#al')).toBe(
      'structure_type al { member base_type int byte_size(4) encoding(5) a data_member_location(0) } byte_size(16) alignment(16)',
    );
  });
});
