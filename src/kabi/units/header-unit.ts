import type { SourceTree } from '../../tree/source-tree.js';

/** The made-up unit that includes just one header, where no source file of the series shows it to the compiler. */
export const headerUnitFolder = 'kabiwatch-unit/';

export function headerUnit(header: string): string {
  return `${headerUnitFolder}${header.replace(/\.h$/, '.c')}`;
}

/** The header of a unit that headerUnit named. */
export function headerOf(unit: string): string {
  return unit.slice(headerUnitFolder.length).replace(/\.c$/, '.h');
}

/** `through`: headers before it, where it cannot be read by itself. */
export function headerUnitText(header: string, through: readonly string[] = []): string {
  return [...through, header].map((one) => includeOf(header, one)).join('');
}

function includeOf(unit: string, header: string): string {
  const name = /^(?:include|arch\/[^/]+\/include)\/(?:uapi\/)?(.*)$/.exec(header)?.[1];
  const up = '../'.repeat(unit.split('/').length);
  return `#include ${name === undefined ? `"${up}${header}"` : `<${name}>`}\n`;
}

/** What to include before a header that cannot be read by itself: first the header that includes it, then what source files have. */
export function throughOf(header: string, tree: SourceTree, turn: number): readonly string[] {
  const includer = turn === 0 ? includerOf(header, tree) : null;
  if (turn === 0) return includer === null ? [] : [includer];
  return usual.filter((one) => one !== header && tree.contentId(one) !== null);
}

/** What most source files have included before a header that relies on it. */
const usual = ['kernel', 'types', 'list', 'wait', 'mutex', 'fs', 'sched', 'interrupt', 'device'].map(
  (name) => `include/linux/${name}.h`,
);

/**
 * A header beside this one that includes it, for one that cannot be read by itself: irq.h knows what irqdesc.h wants before it. Of several
 * the one whose name is most like it.
 */
function includerOf(header: string, tree: SourceTree): string | null {
  const folder = header.slice(0, header.lastIndexOf('/'));
  const base = header.slice(folder.length + 1);
  const directive = new RegExp(`^\\s*#\\s*include\\s*[<"](?:[\\w/-]+/)?${base.replace('.', '\\.')}[>"]`, 'm');
  const includers = tree.list(folder).filter((name) => {
    if (!name.endsWith('.h') || name === base) return false;
    const bytes = tree.read(`${folder}/${name}`);
    if (bytes === null) return false;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return text.includes(base) && directive.test(text.toString('latin1'));
  });
  const [best] = includers.sort((one, other) => likeness(other, base) - likeness(one, base) || (one < other ? -1 : 1));
  return best === undefined ? null : `${folder}/${best}`;
}

/** Letters in common from the start. */
function likeness(name: string, base: string): number {
  let at = 0;
  while (at < base.length && name[at] === base[at]) at++;
  return at;
}
