import { describe, expect, test } from '@jest/globals';
import { consolidatedText, readSymtypes, sectionVersions } from '../../src/genksyms/symtypes-files.js';

const a = 's#foo struct foo { int m ; } \nu#bar union bar { UNKNOWN } \nbaz void baz ( s#foo a1 , u#bar * a2 ) \n';
const b =
  's#foo struct foo { int m ; } \nu#bar union bar { int i ; float f ; } \nqux void qux ( s#foo a1 , u#bar * a2 ) \n';
const consolidated = `/* a.symtypes */
s#foo struct foo { int m ; }
u##bar
baz void baz ( s#foo a1 , u#bar * a2 )

/* b.symtypes */
u#bar union bar { int i ; float f ; }
qux void qux ( s#foo a1 , u#bar * a2 )
`;

describe('Files of symbol types', () => {
  const [one, other] = [a, b].map((text) => readSymtypes(text).sections[0]);

  test('a unit is written as it was read', () => {
    expect(Object.fromEntries(one?.types ?? [])).toEqual({
      's#foo': 'struct foo { int m ; }',
      'u#bar': 'union bar { UNKNOWN }',
      baz: 'void baz ( s#foo a1 , u#bar * a2 )',
    });
  });

  test('units are consolidated as suse-kabi-tools does', () => {
    const sections = [
      { name: 'b.symtypes', types: other?.types ?? new Map() },
      { name: 'a.symtypes', types: one?.types ?? new Map() },
    ];
    expect(consolidatedText(sections)).toBe(consolidated);
  });

  test('what a section leaves out is found again, and an undeclared type does not outlive its section', () => {
    const { sections, bad } = readSymtypes(consolidated);
    expect(bad).toEqual([]);
    expect(sections.map(({ name }) => name)).toEqual(['a.symtypes', 'b.symtypes']);
    expect([...(sections[0]?.types ?? [])].sort()).toEqual([...(one?.types ?? [])].sort());
    expect([...(sections[1]?.types ?? [])].sort()).toEqual([...(other?.types ?? [])].sort());
    expect(consolidatedText(sections)).toBe(consolidated);
  });

  test('names in quotes may hold blanks; lines that say nothing are told', () => {
    const { sections, bad } = readSymtypes("s#'core::a b' struct core { int m ; }\nalone\nf int f ( s#'core::a b' )\n");
    expect([...(sections[0]?.types.keys() ?? [])]).toEqual(['s#core::a b', 'f']);
    expect(bad).toEqual([{ line: 2, text: 'alone' }]);
  });

  test('a version follows from the texts: genksyms gives 0xe44d0d98 for this one', () => {
    const text = 's#foo struct foo { UNKNOWN } \nf int f ( s#foo * , int ) \n';
    const versions = readSymtypes(text).sections.flatMap(sectionVersions);
    expect(versions.map(([name, crc]) => [name, crc.toString(16)])).toEqual([['f', 'e44d0d98']]);
  });
});
