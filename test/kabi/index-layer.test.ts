/** An index as a layer on that of a like tree tells what a whole one tells: every key, place for place, after edits of many kinds. */
import { expect, test } from '@jest/globals';
import type { IndexedTree } from '../../src/kabi/index/indexed-tree.js';
import { makeIndex, makeLayer } from '../../src/kabi/index/tree-index.js';
import { anyConfiguration } from '../../src/kernel/mentions.js';
import { NameIndex, relationNames } from '../../src/kernel/names.js';
import { memoryTree } from '../../src/tree/memory.js';

type Files = Readonly<Record<string, string>>;

const types = `struct inner { int flags; long extra; };
struct outer { struct inner *in; int flags; };
typedef struct inner *inner_t;
`;
const access = `#include <linux/types.h>
#define inner_flags(o) ((o)->in->flags)
#define twice(o) (inner_flags(o) + inner_flags(o))
struct outer *find(int id);
#ifdef HAVE_LATE
struct late { int flags; };
#endif
static inline long extra(inner_t in) { return in->extra; }
`;
const files: Files = {
  'include/linux/types.h': types,
  'include/linux/access.h': access,
  'include/linux/config.h': '#define LIMIT 4\n',
  'include/linux/unused.h': 'struct unused { int a; };\n',
  'drivers/a/a.h': '#define mine(p) ((p)->flags)\nstruct a { int flags; };\n',
  'drivers/b/b.h': '#define mine(p) ((p)->extra)\nstruct b { struct a *a; };\n',
  'drivers/a/a.c': '#include "a.h"\nint f(struct a *a) { return mine(a); }\n',
  'drivers/b/b.c': '#include "b.h"\nlong f(struct inner *p) { return mine(p); }\n',
  'kernel/direct.c': 'int direct(struct outer *o) { return o->in->flags + o->flags; }\n',
  'kernel/macro.c': '#include <linux/access.h>\nint macro(struct outer *o) { return twice(o); }\n',
  'kernel/call.c': '#include <linux/access.h>\nint call(void) { return find(LIMIT)->flags; }\n',
  'kernel/typedef.c': 'long type(inner_t in) { return in->extra + sizeof(*in); }\n',
  'kernel/define.c': 'struct inner given = { 1, 2 };\nstruct outer other = { .in = &given };\n',
  'kernel/late.c': 'int late(struct late *l) { return l->flags; }\n',
  ...Object.fromEntries(
    Array.from({ length: 60 }, (_, i) => [`lib/filler${i}.c`, `int filler${i}(int a) { return a; }\n`]),
  ),
};

const edit = (path: string, from: string, to: string): Files => {
  expect(files[path]).toContain(from);
  return { [path]: (files[path] as string).replace(from, to) };
};

const edits: Readonly<Record<string, Files>> = {
  'a source': edit('kernel/direct.c', 'o->in->flags', 'o->in->extra'),
  'a member of another type': edit('include/linux/types.h', 'struct inner *in;', 'struct late *in;'),
  'members in another order': edit('include/linux/types.h', 'int flags; long extra;', 'long extra; int flags;'),
  'a member gone': edit('include/linux/types.h', 'int flags; long extra;', 'long extra;'),
  'a typedef': edit('include/linux/types.h', 'typedef struct inner *inner_t;', 'typedef struct outer *inner_t;'),
  'what a function returns': edit('include/linux/access.h', 'struct outer *find', 'struct inner *find'),
  'a macro that another uses': edit('include/linux/access.h', '(o)->in->flags', '(o)->in->extra'),
  'lines above a macro': edit('include/linux/access.h', '#define inner', '\n\n#define inner'),
  'a macro that a condition asks for': edit(
    'include/linux/config.h',
    '#define LIMIT 4',
    '#define HAVE_LATE 1\n#define LIMIT 4',
  ),
  'a header of one folder': edit('drivers/a/a.h', '((p)->flags)', '((p)->other)'),
  'a body in a header': edit('include/linux/access.h', 'return in->extra;', 'return in->flags;'),
  'a new header': { 'include/linux/late.h': 'struct late { struct outer *flags; };\n' },
  'a new source': { 'kernel/new.c': '#include <linux/access.h>\nint n(struct outer *o) { return twice(o); }\n' },
  'the name of a struct': edit('include/linux/types.h', 'struct inner { int', 'struct renamed { int'),
};

function indexed(all: Files): IndexedTree {
  const tree = memoryTree('t', all);
  return { tree, files: Object.keys(all).sort(), conditions: anyConfiguration, archDirectory: 'x86' };
}

function everything(index: NameIndex, names: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(
    [...names].flatMap((name) => {
      const places = [index.uses(name), index.open(name)];
      const declared = (['record', 'typedef', 'object', 'macro'] as const).map((kind) =>
        index.filesDeclaring(kind, name).sort(),
      );
      const others = [
        index.filesWithTag(name),
        index.filesWithTagInCode(name),
        index.filesWithType(name),
        index.filesIncluding(name),
      ];
      const told = [...places, ...declared, ...others.map((list) => [...list].sort())];
      return told.every((list) => list.length === 0) ? [] : [[name, told]];
    }),
  );
}

function namesIn({ tables }: NameIndex): string[] {
  expect(relationNames.length).toBeGreaterThan(0);
  return Array.from({ length: tables.names.length }, (_, at) => tables.names.at(at) as string);
}

test.each(Object.keys(edits))('after an edit of %s', (kind) => {
  const before = makeIndex(indexed(files), () => null);
  const after = indexed({ ...files, ...edits[kind] });
  const whole = makeIndex(after, () => null);
  const earlier = {
    tables: before.tables,
    headerText: (path: string) => (files[path] === undefined ? null : Buffer.from(files[path])),
  };
  const layer = makeLayer(after, () => null, earlier, new Set(Object.keys(edits[kind] as Files)));
  expect(layer).not.toBeNull();
  if (layer === null) return;
  expect(layer.hidden.size).toBeLessThan(15);
  const layered = new NameIndex(layer.tables, { tables: before.tables, hidden: layer.hidden });
  const names = new Set([...namesIn(before), ...namesIn(whole)]);
  expect(everything(layered, names)).toEqual(everything(whole, names));
});
