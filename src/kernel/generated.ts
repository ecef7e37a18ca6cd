/**
 * Headers that a build would have made and that follow from the tree and its configuration alone: autoconf.h and the asm
 * wrappers (scripts/Makefile.asm-generic). Headers that need a compiler's answer (asm-offsets.h, bounds.h) or a script are not
 * made; the preprocessor names them in `missing` where no build has them.
 */
import { memoryTree } from '../tree/memory.js';
import type { SourceTree } from '../tree/source-tree.js';
import { unionTree } from '../tree/union.js';
import { autoconfOf, readConfig } from './config.js';

/** The build's generated headers where there is a build, over the tree, over headers made here from `config` (.config text). */
export function builtTree(
  source: SourceTree,
  build: SourceTree | null,
  archDir: string,
  config: string | null,
): SourceTree {
  // A tree may hold a build of another configuration: where a build is named, its generated files win.
  const under = build === null ? [source] : [generatedOf(build), source];
  const real = unionTree(under);
  const text = config ?? textAt(real, '.config');
  const made: Record<string, string> = { ...wrappers(source, archDir) };
  if (text !== null) {
    const autoconf = autoconfOf(readConfig(text));
    made['include/generated/autoconf.h'] = autoconf;
    // 2.6.32 and older look for it here.
    if (textAt(source, 'Makefile')?.includes('linux/autoconf.h')) made['include/linux/autoconf.h'] = autoconf;
  }
  Object.assign(made, oldAsmLink(source, archDir), compilerHeaders);
  return unionTree([...under, memoryTree('headers made in memory', made)]);
}

/** Where the compiler's own headers are found: kernels before 5.15 include <stdarg.h>. */
export const compilerFolder = '.compiler';

/** The compiler's stdarg.h, as far as a kernel uses it. */
const compilerHeaders = {
  [`${compilerFolder}/stdarg.h`]: [
    '#ifndef _STDARG_H',
    '#define _STDARG_H',
    'typedef __builtin_va_list __gnuc_va_list;',
    'typedef __gnuc_va_list va_list;',
    ...['start(v, l)', 'end(v)', 'arg(v, l)', 'copy(d, s)'].map((call) => `#define va_${call} __builtin_va_${call}`),
    '#endif\n',
  ].join('\n'),
};

/** Of a build directory only what builds make: its copies of sources must not stand in for a patched tree's. */
function generatedOf(build: SourceTree): SourceTree {
  const counts = (path: string): boolean =>
    /(^|\/)generated\/|^include\/config\/|^include\/linux\/(autoconf|utsrelease|version|compile)\.h$|^\.config$|^Module\.symvers$/.test(
      path,
    ) || /^include\/asm\/|^include\/asm-[^/]*\/(asm-offsets|offsets)\.h$/.test(path);
  return {
    id: build.id,
    read: (path) => (counts(path) ? build.read(path) : null),
    list: (dir) => build.list(dir),
    contentId: (path) => (counts(path) ? build.contentId(path) : null),
  };
}

function textAt(tree: SourceTree, path: string): string | null {
  const bytes = tree.read(path);
  return bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** Names that `variable` lists in a Kbuild file, continued lines included. */
function listed(tree: SourceTree, path: string, variable: string): string[] {
  const text = (textAt(tree, path) ?? '').replace(/\\\n/g, ' ').replace(/#.*$/gm, '');
  const lines = [...text.matchAll(new RegExp(`^\\s*${variable}\\s*[+:]?=(.*)$`, 'gm'))];
  return lines.flatMap(([, names]) => (names as string).split(/\s+/)).filter((name) => /^[\w.-]+\.h$/.test(name));
}

/** generic-y always, mandatory-y where the architecture has no header of its own. */
function wrappers(tree: SourceTree, archDir: string): Record<string, string> {
  const made: Record<string, string> = {};
  for (const uapi of ['', 'uapi/']) {
    const own = `arch/${archDir}/include/${uapi}asm`;
    const names = listed(tree, `${own}/Kbuild`, 'generic-y');
    const mandatory = listed(tree, `include/${uapi}asm-generic/Kbuild`, 'mandatory-y');
    for (const name of [...names, ...mandatory.filter((one) => tree.contentId(`${own}/${one}`) === null)])
      made[`arch/${archDir}/include/generated/${uapi}asm/${name}`] = `#include <asm-generic/${name}>\n`;
  }
  return made;
}

/** Up to 2.6.27 a build links include/asm to include/asm-ARCH; here each header of it is included from there. */
function oldAsmLink(tree: SourceTree, archDir: string): Record<string, string> {
  const made: Record<string, string> = {};
  const dir = `include/asm-${archDir}`;
  const walk = (below: string): void => {
    for (const name of tree.list(dir + below)) {
      if (name.endsWith('/')) walk(`${below}/${name.slice(0, -1)}`);
      else if (name.endsWith('.h')) made[`include/asm${below}/${name}`] = `#include <asm-${archDir}${below}/${name}>\n`;
    }
  };
  walk('');
  return made;
}
