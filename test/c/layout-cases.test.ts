/** The cases of test/cases/layout: C text and, in `//=>` lines, the layouts that gcc makes of it. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { flatMembers } from '../../src/c/layout.js';
import { tokenize } from '../../src/c/lex/tokenize.js';
import { readDeclarations } from '../../src/c/parse/declarations.js';
import { type TargetName, targets } from '../../src/c/target.js';

const folder = 'test/cases/layout';

for (const file of readdirSync(folder).sort()) {
  const text = readFileSync(`${folder}/${file}`, 'utf8');
  const target = (/\.([a-z0-9_]+)\.c$/.exec(file)?.[1] ?? 'x86_64') as TargetName;
  const unit = readDeclarations(tokenize(Buffer.from(text, 'latin1')), { target: targets[target] });

  for (const [, name, expected] of text.matchAll(/^\/\/=> ((?:struct|union) \w+): (.*)$/gm)) {
    test(`${file}: ${name} is laid out as ${target} gcc does`, () => {
      const record = unit.records.get(name as string)?.at(-1);
      if (record === undefined) throw new Error(`${name} was not read`);
      const layout = unit.layouts.of(record);
      if ('why' in layout) throw new Error(layout.why);
      const members = flatMembers(layout).map(
        ({ name: member, bitOffset, bitSize }) => `; ${member} ${bitOffset}${bitSize === 0 ? '' : `:${bitSize}`}`,
      );
      expect(`size ${layout.size} align ${layout.align}${members.join('')}`).toBe(expected);
    });
  }
  test(`${file}: every declaration is read`, () => expect(unit.missing).toEqual([]));
}
