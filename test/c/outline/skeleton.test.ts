import { describe, expect, test } from '@jest/globals';
import { lexFile } from '../../../src/c/lex/lexed-file.js';
import { differenceBetween } from '../../../src/c/outline/skeleton.js';

const difference = (before: string, after: string) =>
  differenceBetween(lexFile(Buffer.from(before)), lexFile(Buffer.from(after)));

describe('What can differ between two versions of a file', () => {
  test.each([
    ['a comment and blanks', 'int f(void);', 'int  f(void); /* says so */'],
    ['the body of a function', 'int f(int a) { return a; }', 'int f(int a) { if (a) { a++; } return a; }'],
    [
      'a body after an attribute macro',
      'int f(int a) __must_hold(a) { return 0; }',
      'int f(int a) __must_hold(a) { return 1; }',
    ],
    ['an initialiser', 'int a[2] = { 1, 2 };', 'int a[2] = { 3, 4 };'],
    [
      'a body in which both branches open a brace',
      'int f(int a)\n{\n#ifdef A\nif (a) {\n#else\nif (!a) {\n#endif\nreturn 1; }\nreturn 2; }\nint g(void);',
      'int f(int a)\n{\n#ifdef A\nif (a) {\n#else\nif (!a) {\n#endif\nreturn 3; }\nreturn 2; }\nint g(void);',
    ],
  ])('%s: bodies', (_, before, after) => expect(difference(before, after)).toBe('bodies'));

  test.each([
    ['a member', 'struct s { int a; };', 'struct s { int a; int b; };'],
    [
      'a member of a packed struct without a tag',
      'typedef struct __attribute__((packed)) { int a; } t;',
      'typedef struct __attribute__((packed)) { long a; } t;',
    ],
    ['a guard around a member', 'struct s { int a; };', 'struct s { int a;\n#ifndef __GENKSYMS__\nint b;\n#endif\n};'],
    [
      'a member of a configuration',
      '#ifndef H\n#define H\n#if IS_ENABLED(CONFIG_A)\nint a;\n#endif\n#endif',
      '#ifndef H\n#define H\n#if IS_ENABLED(CONFIG_A)\nlong a;\n#endif\n#endif',
    ],
    [
      'what only the making of constants does not see',
      '#ifndef __GENERATING_BOUNDS_H\nint a;\n#endif',
      '#ifndef __GENERATING_BOUNDS_H\nlong a;\n#endif',
    ],
    ['a prototype', 'int f(int);', 'int f(long);'],
    [
      'a member after a body whose head is conditional',
      '#ifdef A\nvoid f(void) {\n#endif\n}\nstruct s { int a; };',
      '#ifdef A\nvoid f(void) {\n#endif\n}\nstruct s { int b; };',
    ],
    ['what follows a function', 'int f(void) { return 0; } int g(int);', 'int f(void) { return 0; } int g(long);'],
  ])('%s: declarations', (_, before, after) => expect(difference(before, after)).toBe('declarations'));

  test.each([
    [
      'a member that only modules see',
      '#ifdef MODULE\nstruct s { int a; };\n#endif',
      '#ifdef MODULE\nstruct s { long a; };\n#endif',
    ],
    [
      'the other branch of such a condition',
      '#ifdef MODULE\n#else\nint a;\n#endif',
      '#ifdef MODULE\n#else\nlong a;\n#endif',
    ],
    ['an include', 'int f(void);', '#include <a.h>\nint f(void);'],
    ['the value of a macro', '#define N 1\nint a[N];', '#define N 2\nint a[N];'],
    ['the condition of a macro', '#ifdef A\n#define N 1\n#endif', '#ifdef B\n#define N 1\n#endif'],
    ['a macro in a body', 'int f(void)\n{\n#define N 1\n}', 'int f(void)\n{\n#define N 2\n}'],
  ])('%s: macros', (_, before, after) => expect(difference(before, after)).toBe('macros'));
});
