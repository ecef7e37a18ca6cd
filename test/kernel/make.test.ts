/** Our reading of a makefile against GNU make's own: every variable of every case must have the value that make gives it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Make, MakeLimit, type MakeWorld } from '../../src/kernel/make/evaluate.js';
import { skipped } from '../truth/kernel.js';

const world: MakeWorld = { read: () => null, wildcard: () => '', shell: () => '' };

const cases: Readonly<Record<string, string>> = {
  'assignments: recursive, simple, appended, conditional': `
A = $(B) x
B := one
C := $(A)
B := two
A += y
D ?= d
D ?= e
E += first
E += $(B)
obj-$(B) += f.o
obj-two += g.o # a comment
hash = a\\#b
`,
  'lines go on after a backslash': `
A := a \\
     b \\
	c
B = x\\
y
`,
  'conditionals in all their spellings, nested, in dead branches too': `
X := y
ifeq ($(X),y)
A := 1
else ifeq ($(X),m)
A := 2
else
A := 3
endif
ifneq "$(X)" 'y'
B := 1
else ifdef X
  ifndef Y
	B := 2
  endif
else
B := 3
endif
ifdef NOTHING
ifeq ($(X),y)
C := dead
else
C := dead too
endif
else
C := live
endif
ifneq ($(filter y m,$(X)),)
D := $(if $(X),yes,no)
endif
`,
  functions: `
L := foo.c bar.o baz.c dir/x.S foo.c
A := $(patsubst %.c,%.o,$(L)) $(L:.c=.o) $(L:%.c=pre-%)
B := $(filter %.c %.S,$(L)) / $(filter-out foo.c,$(L))
C := $(sort $(L)) $(words $(L)) $(word 2,$(L)) $(firstword $(L)) $(lastword $(L))
D := $(addprefix a/,b c) $(addsuffix .o,b c) $(dir a/b c) $(notdir a/b c) $(basename a/b.c d) $(suffix a.c b)
E := $(subst o,0,foo boo) [$(strip  a   b )] $(findstring oo,foo)$(findstring x,foo)
F := $(foreach i,1 2 3,<$(i)>) $(or ,,b,c) $(and a,,c)$(and a,b)
G := $(join a b,1 2 3) $(wordlist 2,3,a b c d)
pair = $(2)-$(1)
H := $(call pair,a,b) $(call pair,x)
space := $(subst ,, )
comma := ,
I := $(subst $(comma),_,a,b) $(subst -,_,a-b)
J := $(origin L) $(origin NOTHING) $(value pair)
K := $(if ,a,b)$(if x,c)
`,
  'computed names and defined functions': `
m := foo
foo-objs := a.o b.o
foo-y := c.o
suffix-search = $(strip $(foreach s, $3, $($(1:%$(strip $2)=%$s))))
A := $(call suffix-search, foo.o, .o, -objs -y)
A2 := $(call suffix-search,foo.o,.o,-objs -y)
B := $($(m)-objs) $(\${m}-y)
define two
x $(1)
y
endef
C := $(call two,z)
define make-var
V_$(1) := $(2)
endef
$(eval $(call make-var,k,v))
$(foreach i,p q,$(eval W_$(i) := $(i)$(i)))
`,
  'rules and recipes are passed over': `
A := 1
x.o: y.c
	A := 2
	ifeq (1,1)
	endif
B := 3
x.o: A := 4
%.s: %.c ; echo $$A
ifeq ($(A),1)
	C := tabbed
endif
export D := e
override E = f
unexport D
`,
};

function mine(text: string): Map<string, string> {
  const make = new Make(world, () => null);
  make.evaluateText(text);
  return new Map([...make.names()].map((name) => [name, make.value(name)]));
}

describe('makefiles', () => {
  const hasMake = spawnSync('make', ['--version']).status === 0;
  if (!hasMake) skipped('GNU make is not installed');
  test.each(Object.entries(cases))('%s', (_, text) => {
    if (!hasMake) return;
    const names = [...mine(text).keys()];
    const print = names.map((name) => `$(info ${name}=$(subst $(newline),|,$(${name})))`).join('\n');
    const told = execFileSync('make', ['-rR', '-f', '-', 'nothing-to-do'], {
      input: `${text}\ndefine newline\n\n\nendef\n${print}\n.PHONY: nothing-to-do\nnothing-to-do: ;\n`,
      encoding: 'utf8',
      env: { PATH: process.env.PATH ?? '' },
    });
    const truth = new Map(
      told
        .split('\n')
        .filter((line) => line.includes('='))
        .map((line) => {
          const at = line.indexOf('=');
          return [line.slice(0, at), line.slice(at + 1)] as const;
        }),
    );
    expect(names.length).toBeGreaterThan(1);
    for (const [name, value] of mine(text))
      expect([name, value.replaceAll('\n', '|')]).toEqual([name, truth.get(name)]);
  });

  test('a makefile that never ends is stopped', () => {
    const endless = [
      'A = $(A)\nB := $(A)',
      'A = $(A)$(A)$(A)\nB := $(A)',
      'f = $(call f,$(1)x)\nB := $(call f,a)',
      '$(eval $(value e))\ne = $(eval $(value e))\n$(eval $(e))',
    ];
    for (const text of endless.slice(0, 3)) expect(() => mine(text)).toThrow(MakeLimit);
    const doubling = ['a := xxxxxxxxxx', ...Array.from({ length: 60 }, () => 'a := $(a)$(a)')].join('\n');
    expect(() => mine(doubling)).toThrow(MakeLimit);
  });

  test('any text is read to its end or stopped', () => {
    const piece = fc.constantFrom(
      'ifeq (',
      'else',
      'endif\n',
      '$(',
      ')',
      '${',
      '}',
      ':=',
      '=',
      '\n',
      '\t',
      'a',
      ' ',
      ',',
      '$(call a,',
      'define x\n',
      'endef\n',
      '#',
      '\\',
      '%',
      '$(foreach a,b c,',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        try {
          mine(pieces.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(MakeLimit);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
