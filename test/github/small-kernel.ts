/** A tree that is just enough of a kernel to be judged, and builds of it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const path = 'include/linux/s.h';
export const withMembers = (...members: string[]) =>
  `#ifndef S_H\n#define S_H\nstruct s {\n${members.join('\n')}\n};\n#endif\n`;
export const before = withMembers('\tint a;', '\tlong b;');
export const after = withMembers('\tint a;', '\tint fresh;', '\tlong b;');
export const kernel: Readonly<Record<string, string>> = {
  Makefile: 'VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 7\ninclude arch/$(SRCARCH)/Makefile\n',
  Kbuild: 'obj-y += kernel/\n',
  'arch/x86/Makefile': '',
  'arch/x86/include/asm/page.h': '',
  'kernel/Makefile': 'obj-y := s.o\n',
  [path]: before,
  'kernel/s.c': `#include <linux/s.h>
#define EXPORT_SYMBOL(name) __GENKSYMS_EXPORT_SYMBOL(name)
int use_s(struct s *s) { return s->a; }
EXPORT_SYMBOL(use_s);
`,
};
/** Of one architecture, by its .config. */
export function buildFolder(folder: string, name: string, config: string): string {
  const at = join(folder, name);
  mkdirSync(join(at, 'include/generated'), { recursive: true });
  writeFileSync(join(at, '.config'), `# Linux/x86 6.1.7 Kernel Configuration\n${config}CONFIG_MODVERSIONS=y\n`);
  return at;
}
