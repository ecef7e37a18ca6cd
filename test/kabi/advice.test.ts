/** Rewrites on small trees: where the room is, on which architectures, and what the rewrite must not do. */
import { afterAll, describe, expect, test } from '@jest/globals';
import type { Architecture, Review } from '../../src/kabi/review.js';
import { type Files, SmallTree } from './small-tree.js';

const trees: SmallTree[] = [];
afterAll(() => {
  for (const tree of trees) tree.remove();
});

const unit = '#include <linux/box.h>\nint use(struct crate *c) { return c->after; }\nEXPORT_SYMBOL(use);\n';
const macros = [
  '#ifdef __GENKSYMS__',
  '#define X_KABI_RESERVE(n) unsigned long x_kabi_reserved##n;',
  '#define X_KABI_USE(n, new) unsigned long x_kabi_reserved##n;',
  '#define X_KABI_USE_P(n, new) void (*x_kabi_reserved##n)(void);',
  '#define ANDROID_BACKPORT_RESERVED_USE(n, new) long android_backport_reserved##n',
  '#else',
  '#define X_KABI_RESERVE(n) unsigned long x_kabi_reserved##n;',
  '#define X_KABI_USE(n, new) union { new; struct { unsigned long x_kabi_reserved##n; }; };',
  '#define X_KABI_USE_P(n, new) union { new; struct { void (*x_kabi_reserved##n)(void); }; };',
  '#define ANDROID_BACKPORT_RESERVED_USE(n, new) union { new; struct { long android_backport_reserved##n; }; }',
  '#endif',
  '#define X_KABI_RESERVE_P(n) void (*x_kabi_reserved##n)(void);',
  '#define ANDROID_BACKPORT_RESERVED(n) long android_backport_reserved##n\n',
].join('\n');
const header = (members: string): string =>
  `#include <linux/export.h>\n#include <linux/x_kabi.h>\nstruct box {\n${members}};\nstruct crate {\n\tstruct box box;\n\tint after;\n};\nint use(struct crate *c);\n`;

function advised(
  before: string,
  after: string,
  archs: readonly [Architecture, ...Architecture[]] = ['x86_64'],
  code: Files = {},
  kabi = macros,
): Review {
  const files = { 'include/linux/box.h': header(before), 'include/linux/x_kabi.h': kabi, 'kernel/box.c': unit };
  const tree = new SmallTree(files);
  trees.push(tree);
  return tree.review({ 'include/linux/box.h': header(after), ...code }, archs, ['kernel/box.c'], true);
}

const added = ({ fixes }: Review): string[] =>
  (fixes[0]?.diff.split('\n') ?? []).filter((line) => /^\+[^+]/.test(line)).map((line) => line.slice(1));

describe('a rewrite', () => {
  test('puts a new member into the hole that takes it, and pins it', () => {
    const before = '\tint first;\n\tlong second;\n\tchar third;\n\tlong fourth;\n';
    const inserted = advised(before, before.replace('\tchar third;\n', '\tint count;\n\tint more;\n\tchar third;\n'));
    expect(inserted.verdict).toBe('crc-break');
    expect(inserted.fixes[0]?.title).toBe(
      'put `count`, `more` into the hole of 4 bytes behind `first` and the hole of 7 bytes behind `third`',
    );
    expect(inserted.fixes[0]?.verdict).toBe('guarded');
    expect(added(inserted)).toEqual(
      expect.arrayContaining([
        '\tint more;',
        'static_assert(offsetof(struct box, count) == 4);',
        'static_assert(offsetof(struct box, more) == 20);',
        'static_assert(sizeof(struct box) == 32);',
      ]),
    );
  });

  test("uses the tree's own macro for a reserved slot", () => {
    const made = advised(
      '\tlong first;\n\tX_KABI_RESERVE(1)\n\tX_KABI_RESERVE(2)\n',
      '\tlong first;\n\tvoid *owner;\n\tX_KABI_RESERVE(1)\n\tX_KABI_RESERVE(2)\n',
    );
    expect(added(made)[0]).toBe('\tX_KABI_USE(1, void *owner)');
    expect(made.fixes[0]?.verdict).toBe('guarded');
  });

  test('uses the macro that goes with the reserve', () => {
    const slots = '\tX_KABI_RESERVE_P(3)\n\tANDROID_BACKPORT_RESERVED(3); /* later */\n';
    const made = advised(`\tlong first;\n${slots}`, `\tlong first;\n\tvoid *owner;\n\tlong users;\n${slots}`);
    expect(added(made).slice(0, 2)).toEqual([
      '\tX_KABI_USE_P(3, void *owner)',
      '\tANDROID_BACKPORT_RESERVED_USE(3, long users);',
    ]);
    expect(made.fixes[0]?.verdict).toBe('guarded');
  });

  test('keeps the text of a reserve whose macro genksyms sees through', () => {
    const seen =
      '#undef X_KABI_USE\n#define X_KABI_USE(n, new) union { new; struct { unsigned long x_kabi_reserved##n; }; };\n';
    const text = (members: string): string => `\tlong first;\n${members}\tX_KABI_RESERVE(1)\n`;
    const made = advised(text(''), text('\tvoid *owner;\n'), ['x86_64'], {}, macros + seen);
    expect(added(made).slice(0, 4)).toEqual(['#ifdef __GENKSYMS__', '#else', '\tvoid *owner;', '#endif']);
    expect(made.fixes[0]?.verdict).toBe('guarded');
  });

  test('keeps the text of a plain reserved member for genksyms', () => {
    const made = advised('\tlong first;\n\tvoid *reserved1;\n', '\tlong first;\n\tvoid *owner;\n\tvoid *reserved1;\n');
    expect(added(made).slice(0, 5)).toEqual([
      '#ifdef __GENKSYMS__',
      '#else',
      '\tvoid *owner;',
      '#endif',
      '#ifndef __GENKSYMS__',
    ]);
  });

  test('takes no hole that one of the architectures does not have', () => {
    const before = '\tint first;\n\tvoid *second;\n\tchar third;\n\tint fourth;\n';
    const made = advised(before, `${before}\tshort count;\n`, ['x86_64', 'i386']);
    expect(made.fixes[0]?.title).toContain('behind `third`');
    expect(added(made).filter((line) => line.startsWith('#if '))).toEqual([
      '#if defined(CONFIG_X86_64)',
      '#if defined(CONFIG_X86_32)',
    ]);
  });

  test('goes beside the type where there is no room, and follows the code of the series', () => {
    const code =
      '#include <linux/box.h>\nint use(struct crate *c) { return c->after; }\nvoid set(struct box *b)\n{\n\tb->count = 1;\n}\nEXPORT_SYMBOL(use);\n';
    const made = advised('\tlong first;\n', '\tlong first;\n\tlong count;\n', ['x86_64'], { 'kernel/box.c': code });
    expect(made.fixes[0]?.verdict).toBe('none');
    expect(added(made)).toEqual(expect.arrayContaining(['struct box_aux {', '\tbox_aux(b)->count = 1;']));
  });

  test('is not shown where the code of the series reaches the member in a way that cannot be followed', () => {
    const code = '#include <linux/box.h>\nint use(struct crate *c) { return c->box.count; }\nEXPORT_SYMBOL(use);\n';
    const made = advised('\tlong first;\n', '\tlong first;\n\tlong count;\n', ['x86_64'], { 'kernel/box.c': code });
    expect(made.fixes).toEqual([]);
    expect(made.missing.find(({ what }) => what === 'a safe alternative')?.why).toContain('cannot be rewritten');
  });

  test('keeps a member that the series takes away', () => {
    const made = advised('\tlong first;\n\tint second;\n\tint third;\n', '\tlong first;\n');
    expect(made.fixes).toEqual([
      { title: 'keep `second`, `third` as before', verdict: 'none', diff: made.fixes[0]?.diff },
    ]);
  });

  test('hides what is harmless already', () => {
    const made = advised('\tint first;\n\tlong second;\n', '\tint first;\n\tint count;\n\tlong second;\n');
    expect([made.verdict, made.fixes[0]?.verdict]).toEqual(['crc-break', 'guarded']);
    expect(added(made)).toEqual(['#ifndef __GENKSYMS__', '#endif']);
  });
});

test('a harmless series gets no advice', () => {
  const before = '\tint first;\n\tlong second;\n';
  const made = advised(before, '\tint first;\n#ifndef __GENKSYMS__\n\tint count;\n#endif\n\tlong second;\n');
  expect([made.verdict, made.fixes]).toEqual(['guarded', []]);
});
