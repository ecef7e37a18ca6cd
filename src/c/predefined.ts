/**
 * What the compiler defines before the first line, for an architecture, under the options that decide it. The tables are
 * recorded from gcc 12 and clang 14 with the kernel's own options; somebody's `cc -dM -E` output can stand in for them.
 */
import * as clang from './predefined/clang.js';
import * as gcc from './predefined/gcc.js';

export type CompilerName = 'gcc' | 'clang';

/** Lines of `#define`, or null where no table is recorded. The names of the architectures are those of `--arch`. */
export function predefinedMacros(arch: string, compiler: CompilerName = 'gcc'): string | null {
  const table = compiler === 'gcc' ? gcc : clang;
  const own = Object.hasOwn(table.byArch, arch) ? table.byArch[arch] : undefined;
  return own === undefined ? null : table.shared + own;
}

/** Options that the recorded tables do not have, and what each changes. A later one overrides an earlier one. */
const effects: readonly (readonly [option: RegExp, lines: string])[] = [
  [/^-funsigned-char$/, '#define __CHAR_UNSIGNED__ 1'],
  [/^-fsigned-char$/, '#undef __CHAR_UNSIGNED__'],
  [/^-O[123]$/, '#define __OPTIMIZE__ 1\n#undef __OPTIMIZE_SIZE__'],
  [/^-Os$/, '#define __OPTIMIZE__ 1\n#define __OPTIMIZE_SIZE__ 1'],
  [/^-O0$/, '#undef __OPTIMIZE__\n#undef __OPTIMIZE_SIZE__\n#define __NO_INLINE__ 1'],
  [/^-std=gnu(89|90)$/, '#undef __STDC_VERSION__\n#undef __GNUC_STDC_INLINE__\n#define __GNUC_GNU_INLINE__ 1'],
  [/^-std=gnu(99|9x)$/, '#define __STDC_VERSION__ 199901L'],
  [/^-std=gnu(11|1x)$/, '#define __STDC_VERSION__ 201112L'],
  [/^-std=gnu(17|18)$/, '#define __STDC_VERSION__ 201710L'],
  [/^-fsanitize=kernel-address$/, '#define __SANITIZE_ADDRESS__ 1'],
  [/^-fsanitize=(kernel-)?hwaddress$/, '#define __SANITIZE_HWADDRESS__ 1'],
  [/^-fsanitize=thread$/, '#define __SANITIZE_THREAD__ 1'],
  [/^-fcf-protection=branch$/, '#define __CET__ 1'],
  [/^-fcf-protection=return$/, '#define __CET__ 2'],
  [/^-fcf-protection(=full)?$/, '#define __CET__ 3'],
  [/^-fcf-protection=none$/, '#undef __CET__'],
  [/^-f(PIE|pie)$/, '#define __PIC__ 2\n#define __pic__ 2\n#define __PIE__ 2\n#define __pie__ 2'],
  [/^-f(PIC|pic)$/, '#define __PIC__ 2\n#define __pic__ 2'],
  [/^-fno-(PIE|pie|PIC|pic)$/, '#undef __PIC__\n#undef __pic__\n#undef __PIE__\n#undef __pie__'],
  [/^-ffreestanding$/, '#undef __STDC_HOSTED__\n#define __STDC_HOSTED__ 0'],
];

/** The table with what `options` change of it. */
export function withOptions(predefined: string, options: readonly string[]): string {
  const lines = options.flatMap((option) =>
    effects.filter(([pattern]) => pattern.test(option)).map(([, text]) => text),
  );
  return lines.length === 0 ? predefined : `${predefined}\n${lines.join('\n')}\n`;
}
