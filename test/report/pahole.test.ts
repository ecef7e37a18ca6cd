/** What `layout --format pahole` prints of a source is what pahole prints of its object file. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { tokenize } from '../../src/c/lex/tokenize.js';
import { readDeclarations } from '../../src/c/parse/declarations.js';
import { targets } from '../../src/c/target.js';
import { paholeText } from '../../src/report/pahole.js';
import { hasCompiler } from '../truth/gcc-layouts.js';

const source = `
typedef unsigned int u32;
struct list { struct list *next, **prev; };
struct hole { char a; long b; u32 c : 3, d : 7; const char *name; };
struct lines { char first[60]; long over; void (*call)(struct list *, const char *); char rest[130]; };
struct nested { union { struct { u32 hash, len; }; unsigned long both; }; struct { int x; } named; struct list list; };
union either { char bytes[16]; struct list list; int plain; };
struct list a; struct hole b; struct lines c; struct nested d; union either e;
`;

test('structs, holes, cache lines, bit-fields and nested types read as pahole prints them', () => {
  if (!hasCompiler('x86_64')) return console.log('skipped: no gcc, or no pahole');
  const folder = mkdtempSync(join(tmpdir(), 'kabiwatch-pahole-'));
  try {
    writeFileSync(join(folder, 'a.c'), source);
    execFileSync('gcc', ['-g', '-c', '-o', join(folder, 'a.o'), join(folder, 'a.c')]);
    const unit = readDeclarations(tokenize(Buffer.from(source)), { target: targets.x86_64 });
    for (const name of ['struct list', 'struct hole', 'struct lines', 'struct nested', 'union either']) {
      const record = unit.records.get(name)?.[0];
      if (record === undefined) throw new Error(`${name} was not read`);
      const layout = unit.layouts.of(record);
      if ('why' in layout) throw new Error(layout.why);
      const tag = name.split(' ')[1] as string;
      const truth = execFileSync('pahole', ['-C', tag, join(folder, 'a.o')], { encoding: 'utf8' });
      expect(paholeText(layout)).toBe(truth);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
