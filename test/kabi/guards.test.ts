/** Guards on whole small trees: the four views decide, the file decides where a guard begins and ends. */
import { afterAll, describe, expect, test } from '@jest/globals';
import type { Architecture, Review } from '../../src/kabi/review.js';
import { SmallTree } from './small-tree.js';

const trees: SmallTree[] = [];
afterAll(() => {
  for (const tree of trees) tree.remove();
});

const unit = '#include <linux/box.h>\nint use(struct crate *c) { return c->after; }\nEXPORT_SYMBOL(use);\n';
const head = '#include <linux/export.h>\nstruct lid { int a; };\nint use(struct crate *c);\n';

/** `before` and `after` are the text of include/linux/box.h. */
function review(before: string, after: string, ...also: Architecture[]): Review {
  const tree = new SmallTree({ 'include/linux/box.h': `${head}${before}`, 'kernel/box.c': unit });
  trees.push(tree);
  const [first = 'x86_64', ...more] = also;
  return tree.review({ 'include/linux/box.h': `${head}${after}` }, [first, ...more], ['kernel/box.c']);
}

const box = (members: string): string =>
  `struct box {\n\tlong first;\n\tint order;\n${members}};\nstruct crate {\n\tstruct box box;\n\tint after;\n};\n`;
const guarded = (text: string): string => `#ifndef __GENKSYMS__\n${text}#endif\n`;
const calls = ({ guards }: Review): unknown[] => guards.map(({ rule, honest }) => [rule, honest]);

describe('a guard', () => {
  test('around a member that genksyms saw mends an earlier change, or changes versions: which of both the tree does not tell', () => {
    const text = (more: string): string => `struct crate {\n\tint after;\n${more}};\n`;
    const made = review(text('\tlong count;\n'), text(guarded('\tlong count;\n')));
    expect([made.verdict, calls(made)]).toEqual(['crc-break', [['guard-stale-branch', null]]]);
    const more = review(text('\tlong count;\n'), text(`${guarded('\tlong count;\n')}\tlong other;\n`));
    expect([more.verdict, calls(more)]).toEqual(['crc-break', [['guard-stale-branch', null]]]);
    const fresh = review(text('\tlong count;\n'), text(`${guarded('\tlong fresh;\n')}\tlong other;\n`));
    expect([fresh.verdict, calls(fresh)]).toEqual(['crc-break', [['guard-stale-branch', false]]]);
  });

  test('that gives genksyms other text for a member that the compiler keeps mends an earlier change, or changes versions', () => {
    const text = (order: string): string => `struct crate {\n\tint after;\n${order}\tlong last;\n};\n`;
    const branches = '#ifndef __GENKSYMS__\n\tunsigned int order;\n#else\n\tint order;\n#endif\n';
    const made = review(text('\tunsigned int order;\n'), text(branches));
    expect([made.verdict, calls(made)]).toEqual(['crc-break', [['guard-stale-branch', null]]]);
    const away = '#ifndef __GENKSYMS__\n\tint pad;\n#else\n\tint order;\n#endif\n';
    const end = (order: string): string =>
      `struct crate {\n\tint after;\n${order}\tint last;\n${guarded('\tlong order;\n')}};\n`;
    const moved = review(text('\tlong order;\n'), end(away));
    expect([moved.verdict, calls(moved).flat()]).toEqual([
      'crc-break',
      ['guard-stale-branch', null, 'guard-stale-branch', null],
    ]);
    const retyped = review(
      text('\tint order;\n'),
      text('#ifdef __GENKSYMS__\n\tshort order;\n#else\n\tlong order;\n#endif\n'),
    );
    expect([retyped.verdict, calls(retyped)]).toEqual(['crc-break', [['guard-stale-branch', false]]]);
  });

  test('around parts of a declaration is told by what genksyms sees of the whole', () => {
    const text = (...[open = '', first = '', own = '', end = '']: string[]): string =>
      `struct crate {\n\tint after;\n${open}\tlong child;\n${first}${own}\t\tlong alias;\n${end}};\n`;
    const [union, close] = ['\tunion {\n', '\t\tlong rcu;\n\t} u;\n'];
    const shown = (part: string): string => `#ifdef __GENKSYMS__\n${part}#endif\n`;
    const before = text('', '', union, close);
    const made = review(before, text(shown(union), shown(close), guarded(union), guarded(close)));
    expect(made.verdict).toBe('crc-break');
    expect(made.guards.map(({ honest }) => honest)).toEqual([null, null, null, null]);
  });

  test('around a whole new type is honest, and not decided around one that only genksyms keeps', () => {
    const fresh = review(box(''), box('') + guarded('struct late {\n\tint a;\n};\n'));
    expect([fresh.verdict, calls(fresh)]).toEqual(['none', [['guard-honest', true]]]);
    const old = 'struct old {\n\tint a;\n};\n';
    const gone = review(box('') + old, `${box('')}#ifdef __GENKSYMS__\n${old}#endif\n`);
    expect(calls(gone)).toEqual([['guard-hides-break', null]]);
  });

  test('that fills padding is honest', () => {
    const made = review(box(''), box(guarded('\tint count;\n')));
    expect([made.verdict, calls(made)]).toEqual(['guarded', [['guard-honest', true]]]);
  });

  test('is honest on one architecture and not on another, where the hole is missing', () => {
    const made = review(box(''), box(guarded('\tint count;\n')), 'i386');
    expect(made.verdict).not.toBe('guarded');
    expect(calls(made)).toEqual([['guard-embedder', false]]);
    const both = review(box(''), box(guarded('\tint count;\n')), 'x86_64', 'i386');
    expect([both.verdict, calls(both)]).toEqual(['silent-break', [['guard-embedder', false]]]);
    expect(both.guards[0]?.why).toContain('on i386');
  });

  test('lies where a struct that embeds the changed one moves', () => {
    const made = review(box(''), box(guarded('\tlong count;\n')));
    expect([made.verdict, calls(made)]).toEqual(['silent-break', [['guard-embedder', false]]]);
  });

  test('whose genksyms branch is not the old text is stale', () => {
    const after = box('#ifdef __GENKSYMS__\n\tshort x;\n#else\n\tint count;\n#endif\n');
    const made = review(box(''), after);
    expect([made.verdict, calls(made)]).toEqual(['crc-break', [['guard-stale-branch', false]]]);
  });

  test('far above the line that changes inside it is found in the file', () => {
    const many = Array.from({ length: 12 }, (_, at) => `\tchar c${at};\n`).join('');
    const tail = '\tchar pad[8];\n';
    const made = review(box(guarded(many) + tail), box(guarded(`${many}\tchar more;\n`) + tail));
    expect(made.guards.map(({ line, idiom }) => [line, idiom])).toEqual([[7, '#ifndef __GENKSYMS__']]);
    expect(made.verdict).toBe('silent-break');
  });

  test('whose condition goes over several lines is found where it begins', () => {
    const several =
      '#if defined(CONFIG_X86_64) && \\\n    !defined(CONFIG_NONE) && !defined(__GENKSYMS__)\n\tint count;\n#endif\n';
    const made = review(box(''), box(several));
    expect([made.verdict, calls(made)]).toEqual(['guarded', [['guard-honest', true]]]);
    expect(made.guards[0]?.hides).toEqual(['int count;']);
  });

  test('that no #endif closes in the file is unbalanced, one closed far below is not', () => {
    const open = review(box(''), `${box('')}#ifndef __GENKSYMS__\nstruct late { int a; };\n`);
    expect(calls(open)).toEqual([['guard-unbalanced', null]]);
    const lines = Array.from({ length: 30 }, (_, at) => `extern int v${at};\n`).join('');
    const closed = review(box('') + lines, `#ifndef __GENKSYMS__\n${box('')}${lines}#endif\n`);
    expect(calls(closed).flat()).not.toContain('guard-unbalanced');
  });

  test('answers for its own struct, not for another change of the series', () => {
    const other = 'struct tray {\n\tint a;\n};\nint tray(struct tray *t);\n';
    const grown = 'struct tray {\n\tint a;\n\tint b;\n};\nint tray(struct tray *t);\n';
    const made = review(box('') + other, box(guarded('\tint count;\n')) + grown);
    expect(calls(made)).toEqual([['guard-honest', true]]);
  });

  test('that keeps the size of its struct is not blamed for what embeds it and grows by itself', () => {
    const crate = (more: string): string => `struct crate {\n\tstruct box box;\n${more}\tint after;\n};\n`;
    const small = (members: string): string => `struct box {\n\tlong first;\n\tint order;\n${members}};\n`;
    const made = review(small('') + crate(''), small(guarded('\tint count;\n')) + crate(guarded('\tlong more;\n')));
    expect(calls(made)).toEqual([
      ['guard-honest', true],
      ['guard-hides-break', false],
    ]);
  });

  test('around an enumerator speaks of no other struct that the series changes', () => {
    const text = (names: string, more: string): string =>
      `enum kind {\n\tA,\n${names}\tKINDS\n};\nstruct tray {\n\tint kinds[KINDS];\n};\nstruct other {\n${more}};\nstruct holder {\n\tstruct other other;\n};\nstruct crate {\n\tint after;\n\tstruct tray tray;\n\tstruct holder holder;\n\tenum kind kind;\n};\n`;
    const made = review(text('\tB,\n', '\tint a;\n'), text(`${guarded('\tNEW,\n')}\tB,\n`, '\tint a;\n\tlong b;\n'));
    const [call] = made.guards;
    expect(call?.honest).toBe(false);
    expect(call?.why).toBe('`B` 1 becomes 2; arrays in `struct tray` are resized');
  });

  test('around a constant is not blamed for a struct that the series packs', () => {
    const text = (end: string, more: string): string =>
      `${more}struct tray {\n\tchar a;\n\tint b;\n}${end};\nstruct crate {\n\tint after;\n\tstruct tray *tray;\n};\n`;
    const made = review(text('', ''), text(' __attribute__((packed))', guarded('#define LATE 1\n')));
    expect([made.verdict, calls(made)]).toEqual(['silent-break', [['guard-honest', true]]]);
  });

  test('around a prototype is not blamed for an array that an enumerator makes longer', () => {
    const text = (names: string, more: string): string =>
      `enum kind {\n${names}\tKINDS\n};\nstruct crate {\n\tint after;\n\tint kinds[KINDS];\n};\n${more}`;
    const made = review(text('\tA,\n', ''), text('\tA,\n\tB,\n', guarded('int late(int a);\n')));
    expect(calls(made)).toEqual([['guard-honest', true]]);
  });

  test('that fills padding is not blamed for what a typedef or a constant does to its struct; that guard is', () => {
    const text = (made: string, more: string, member: string): string =>
      `${made}struct crate {\n\tlong first;\n\tint order;\n${more}\t${member}\n\tint after;\n};\n`;
    const swap = (old: string, now: string): string => `#ifdef __GENKSYMS__\n${old}#else\n${now}#endif\n`;
    const fill = guarded('\tint count;\n');
    const [type, length] = ['typedef unsigned long cookie_t;\n', '#define ROOM 4\n'];
    const retyped = text(swap(type, 'typedef void *cookie_t;\n'), fill, 'cookie_t cookie;');
    const resized = text(swap(length, '#define ROOM 6\n'), fill, 'long rooms[ROOM];');
    const lies = [
      ['guard-hides-break', false],
      ['guard-honest', true],
    ];
    expect(calls(review(text(type, '', 'cookie_t cookie;'), retyped))).toEqual(lies);
    expect(calls(review(text(length, '', 'long rooms[ROOM];'), resized))).toEqual(lies);
  });

  test('that hides nothing of a layout and shows genksyms another text is not decided: it may mend an earlier change', () => {
    const text = (member: string): string => `struct crate {\n\tint after;\n${member}};\n`;
    const shows = (old: string): string => text(`#ifdef __GENKSYMS__\n${old}#else\n\tlong last;\n#endif\n`);
    const made = review(text('\tlong last;\n'), shows('\tint last;\n'));
    expect([made.verdict, calls(made)]).toEqual(['crc-break', [['guard-stale-branch', null]]]);
    expect(calls(review(text('\tlong last;\n'), shows('\tlong last;\n')))).toEqual([['guard-honest', true]]);
  });

  test('around a constant that modules were built with is not called honest', () => {
    const text = (made: string): string => `${made}struct crate {\n\tint after;\n};\n`;
    const after = text('#ifdef __GENKSYMS__\n#define FLAG 1\n#else\n#define FLAG 2\n#endif\n');
    const made = review(text('#define FLAG 1\n'), after);
    expect([made.verdict, calls(made)]).toEqual(['none', [['guard-hides-break', null]]]);
  });

  test('around a member where an array without a length goes on lies; a marker before others holds nothing', () => {
    const text = (more: string): string => `struct crate {\n\tint after;\n\tchar kind;\n${more}};\n`;
    const open = '\tchar data[0];\n';
    const covered = review(text(open), text(open + guarded('\tchar state;\n')));
    expect([covered.verdict, calls(covered)]).toEqual(['silent-break', [['guard-hides-break', false]]]);
    const pushed = review(text('\tchar data[];\n'), text(`${guarded('\tchar state;\n')}\tchar data[];\n`));
    expect([pushed.verdict, calls(pushed)]).toEqual(['silent-break', [['guard-hides-break', false]]]);
    const marker = review(text('\tint last;\n'), text(`${guarded('\tchar start[0];\n')}\tint last;\n`));
    expect(calls(marker)).toEqual([['guard-honest', true]]);
  });

  test('around a bit that a narrowed member gives up is honest on a little-endian machine', () => {
    const before = 'struct crate {\n\tunsigned char slot;\n\tint after;\n};\n';
    const bits =
      '#ifdef __GENKSYMS__\n\tunsigned char slot;\n#else\n\tunsigned char slot:7;\n\tunsigned char exact:1;\n#endif\n';
    const made = review(before, `struct crate {\n${bits}\tint after;\n};\n`);
    expect([made.verdict, calls(made)]).toEqual(['conditional', [['guard-honest', true]]]);
  });
});

describe('a macro that no list names', () => {
  const macros = [
    '#ifdef __GENKSYMS__',
    '#define ACME_LATER(x)',
    '#define ACME_INSTEAD(old, new) old;',
    '#else',
    '#define ACME_LATER(x) x;',
    '#define ACME_INSTEAD(old, new) union { new; struct { old; }; };',
    '#endif',
    '#define ACME_BOTH(x) x;\n',
  ].join('\n');
  const of = (member: string, after: string): Review => review(`${macros}${box(member)}`, `${macros}${box(after)}`);
  const named = ({ verdict, guards }: Review): unknown[] => [verdict, guards.map((one) => [one.idiom, one.honest])];

  test('is a guard by what it expands to', () => {
    expect(named(of('', '\tACME_LATER(int count)\n'))).toEqual(['guarded', [['ACME_LATER', true]]]);
    expect(named(of('', '\tACME_LATER(long count)\n'))).toEqual(['silent-break', [['ACME_LATER', false]]]);
    const slot = '\tlong spare;\n';
    const used = '\tACME_INSTEAD(long spare,\n\t\tvoid *owner)\n';
    expect(named(of(slot, used))).toEqual(['guarded', [['ACME_INSTEAD', true]]]);
  });

  test('is none where both views read the same', () => {
    expect(named(of('', '\tACME_BOTH(int count)\n'))).toEqual(['crc-break', []]);
  });
});

test('an enumerator that makes an array longer is seen where no export is read, too', () => {
  const text = (names: string): string =>
    `${head}enum kind {\n${names}\tKINDS\n};\nstruct crate {\n\tint after;\n\tint kinds[KINDS];\n};\n`;
  const path = 'include/linux/box.h';
  const tree = new SmallTree({ [path]: text('\tA,\n'), 'kernel/box.c': unit });
  trees.push(tree);
  expect(tree.review({ [path]: text('\tA,\n\tB,\n') }, ['x86_64'], []).verdict).toBe('crc-break');
});

describe('an enumerator before the one that counts them', () => {
  const kinds = (names: string, last: string): string => `enum kind {\n\tA,\n${names}\t${last},\n};\n`;
  const use = 'struct crate {\n\tenum kind kind;\n\tint after;\n};\n';
  const array = 'struct crate {\n\tint after;\n\tint kinds[NR_KINDS];\n\tint last;\n};\n';
  const made = (last: string, record: string): Review =>
    review(`${kinds('', last)}${record}`, `${kinds(guarded('\tB,\n'), last)}${record}`);

  test('is harmless where no array is as long', () => {
    const review = made('NR_KINDS', use);
    expect([review.verdict, calls(review)]).toEqual(['guarded', [['guard-honest', true]]]);
    expect(review.findings.map(({ rule }) => rule)).not.toContain('enum-value-changed');
    expect(made('__KIND_AFTER_LAST,\n\tKIND_MAX = __KIND_AFTER_LAST - 1', use).verdict).toBe('guarded');
  });

  test('breaks a struct with an array as long', () => {
    const review = made('NR_KINDS', array);
    expect([review.verdict, calls(review)]).toEqual(['silent-break', [['guard-hides-break', false]]]);
  });

  test('changes a value that old code hands over where the last one does not count', () => {
    const review = made('KIND_END', use);
    expect([review.verdict, calls(review)]).toEqual(['silent-break', [['guard-hides-break', false]]]);
  });
});

test('a header that leaves it to others to include what its struct holds is not called unchanged', () => {
  const text = (more: string): string => `struct crate {\n\tstruct bottom bottom;\n\tint after;\n${more}};\n`;
  const path = 'include/linux/box.h';
  const tree = new SmallTree({ [path]: text('') });
  trees.push(tree);
  const made = tree.review({ [path]: text(guarded('\tlong more;\n')) }, ['x86_64'], []);
  expect(made.verdict).toBe('unknown');
  expect(made.missing.map(({ what }) => what)).toContain('a declaration in kabiwatch-unit/include/linux/box.c');
});

test('a changed prototype is the cause, not a type that it names no more', () => {
  const text = (result: string): string => `typedef int answer;\n${result} ask(struct crate *c);\n`;
  const path = 'include/linux/box.h';
  const files = (result: string): Record<string, string> => ({
    [path]: `${head}struct crate { int after; };\n${text(result)}`,
    'kernel/box.c': `#include <linux/box.h>\n${result} ask(struct crate *c) { return (${result})0; }\nEXPORT_SYMBOL(ask);\n`,
  });
  const tree = new SmallTree(files('answer'));
  trees.push(tree);
  const { symbols } = tree.review(files('void'), ['x86_64'], ['kernel/box.c']);
  expect(symbols.causes.map((one) => one.text)).toEqual(['ask']);
});

describe('an exported function that is declared otherwise behind a guard', () => {
  const files = (declared: string, defined: string): Record<string, string> => ({
    'include/linux/box.h': `${head}struct crate { int after; };\n${declared}`,
    'kernel/box.c': `#include <linux/box.h>\n${defined} { return 0; }\nEXPORT_SYMBOL(ask);\n`,
  });
  const judged = (old: string, now: string): unknown[] => {
    const tree = new SmallTree(files(`${old};\n`, old));
    trees.push(tree);
    const after = files(`#ifdef __GENKSYMS__\n${old};\n#else\n${now};\n#endif\n`, now);
    const made = tree.review(after, ['x86_64'], ['kernel/box.c']);
    return [made.verdict, ...made.guards.map(({ honest }) => honest)];
  };

  test('is harmless where callers pass and get the same', () => {
    expect(judged('long ask(int a)', 'long ask(unsigned int a)')).toEqual(['guarded', true]);
    expect(judged('long ask(long a, int *b)', 'long long ask(unsigned long a, int b[4])')).toEqual(['guarded', true]);
    expect(judged('long ask(int a)', 'long ask(enum how { HOW } a)')).toEqual(['guarded', true]);
  });

  test('and a struct that grows breaks those that pass it by value, though the guard is elsewhere', () => {
    const text = (more: string): string =>
      `${head}struct crate {\n\tint after;\n${more}};\nint ask(struct crate c);\nstruct crate make(void);\n`;
    const path = 'include/linux/box.h';
    const [body, make] = [
      'int ask(struct crate c) { return c.after; }',
      'struct crate make(void) { struct crate c; return c; }',
    ];
    for (const code of [`${body}\nEXPORT_SYMBOL(ask);\n`, `${make}\nEXPORT_SYMBOL(make);\n`]) {
      const tree = new SmallTree({ [path]: text(''), 'kernel/box.c': `#include <linux/box.h>\n${code}` });
      trees.push(tree);
      const made = tree.reviewWithUsers({ [path]: text(guarded('\tint count;\n')) }, ['kernel/box.c']);
      expect([made.verdict, calls(made)]).toEqual(['silent-break', [['guard-hides-break', false]]]);
    }
  });

  test('and so it does where a callback passes it', () => {
    const text = (more: string): string =>
      `${head}struct lot {\n\tint a;\n${more}};\nstruct crate {\n\tint (*sell)(struct lot lot);\n\tint after;\n};\nint ask(struct crate *c);\n`;
    const path = 'include/linux/box.h';
    const tree = new SmallTree({
      [path]: text(''),
      'kernel/box.c': '#include <linux/box.h>\nint ask(struct crate *c) { return c->after; }\nEXPORT_SYMBOL(ask);\n',
      'drivers/box/main.c': '#include <linux/box.h>\nvoid fill(struct crate *c) { c->sell = 0; }\n',
    });
    trees.push(tree);
    const made = tree.reviewWithUsers({ [path]: text(guarded('\tint count;\n')) }, ['kernel/box.c']);
    expect([made.verdict, calls(made)]).toEqual(['silent-break', [['guard-hides-break', false]]]);
  });

  test('breaks where they do not: another width, a narrow number of another sign, another struct', () => {
    expect(judged('long ask(int a)', 'long ask(long a)')).toEqual(['silent-break', false]);
    expect(judged('long ask(char a)', 'long ask(unsigned char a)')).toEqual(['silent-break', false]);
    expect(judged('long ask(struct lid *a)', 'long ask(struct crate *a)')).toEqual(['silent-break', false]);
    expect(judged('long ask(int *a)', 'long ask(long *a)')).toEqual(['silent-break', false]);
  });
});
