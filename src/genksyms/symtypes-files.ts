/**
 * Files of symbol types: what `genksyms -T` writes for one unit, and consolidated ones, in which SUSE ships a whole kernel's
 * (suse-kabi-tools(5)).
 *
 * A line is a key and its text: `s#list_head struct list_head { s#list_head * next , * prev ; }`; an export stands under its own name. A
 * consolidated file has a section a unit, headed by its name in a C comment. A section leaves out a type whose text is the last
 * that the file gave, and says `s##name` for a type that is not declared in it; what it holds in whole follows from walking its exports.
 */
import { crcOfText, cutText, keysMeant, type TextNode, undeclaredText } from './text-crc.js';

export interface SymtypesSection {
  /** `lib/genalloc.symtypes`; '' in a file that is not consolidated. */
  readonly name: string;
  readonly types: ReadonlyMap<string, string>;
}

export interface SymtypesRead {
  readonly sections: readonly SymtypesSection[];
  /** Lines that are no record, and references to types that nothing gives. */
  readonly bad: readonly { readonly line: number; readonly text: string }[];
}

const head = /^\/\* (.*) \*\/$/;
const reference = /(?<![\w#])([stueE])#('[^']*'|[\w$.]+)/g;

/** Either form; which it is shows in the first line. */
export function readSymtypes(text: string): SymtypesRead {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  const bad: { line: number; text: string }[] = [];
  const isConsolidated = head.test(lines[0] ?? '');
  const last = new Map<string, string>();
  const sections: SymtypesSection[] = [];
  let own = new Map<string, string>();
  let name = '';
  const close = (): void => {
    if (own.size > 0) sections.push({ name, types: isConsolidated ? completed(own, last) : own });
    own = new Map();
  };
  lines.forEach((line, at) => {
    const [, next] = (isConsolidated ? head.exec(line) : null) ?? [];
    if (next !== undefined) {
      close();
      name = next;
      return;
    }
    if (line.trim() === '') return;
    const record = recordIn(line, isConsolidated);
    if (record === null || own.has(record.key)) {
      bad.push({ line: at + 1, text: line.slice(0, 200) });
      return;
    }
    own.set(record.key, record.text);
    if (!record.isLocal) last.set(record.key, record.text);
  });
  close();
  return { sections, bad };
}

/** `isLocal`: an undeclared type of this section alone. */
function recordIn(
  line: string,
  isConsolidated: boolean,
): { readonly key: string; readonly text: string; readonly isLocal: boolean } | null {
  const [, letter, undeclared] = (isConsolidated ? /^([sue])##('[^']*'|\S+)$/.exec(line.trim()) : null) ?? [];
  if (letter !== undefined && undeclared !== undefined) {
    const key = `${letter}#${unquoted(undeclared)}`;
    return { key, text: undeclaredText(key) as string, isLocal: true };
  }
  const [, key, text] = /^((?:[stueE]#)?(?:'[^']*'|\S+))\s+(\S.*)$/.exec(line) ?? [];
  return key === undefined || text === undefined ? null : { key: unquoted(key), text: text.trim(), isLocal: false };
}

function unquoted(name: string): string {
  return name.replace(/'([^']*)'$/, '$1');
}

/** With the types that the section left out: all that its own lines reach, as the file gave them last. */
function completed(own: ReadonlyMap<string, string>, last: ReadonlyMap<string, string>): Map<string, string> {
  const types = new Map(own);
  for (const [, text] of types)
    for (const key of keysIn(text)) {
      const known = types.has(key) ? undefined : last.get(key);
      if (known !== undefined) types.set(key, known);
    }
  return types;
}

function* keysIn(text: string): Generator<string> {
  for (const [, letter, name] of text.matchAll(reference)) yield `${letter}#${unquoted(name as string)}`;
}

/** Sections in order of their names; in each the types first, then the exports, both in order. */
export function consolidatedText(sections: Iterable<SymtypesSection>): string {
  const last = new Map<string, string>();
  const written = [...sections].sort((one, other) => compare(one.name, other.name));
  return written
    .map(({ name, types }) => {
      const keys = [...types.keys()].sort((one, other) => rank(one) - rank(other) || compare(one, other));
      const lines = keys.flatMap((key) => {
        const text = types.get(key) as string;
        if (text === undeclaredText(key)) return [`${key[0]}##${key.slice(2)}`];
        if (key.includes('#') && last.get(key) === text) return [];
        last.set(key, text);
        return [`${key} ${text}`];
      });
      return `/* ${name} */\n${lines.map((line) => `${line}\n`).join('')}`;
    })
    .join('\n');
}

function rank(key: string): number {
  return key.includes('#') ? 0 : 1;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** The versions of a section's exports: the texts are all that a version depends on. */
export function sectionVersions({ types }: SymtypesSection): readonly (readonly [name: string, crc: number])[] {
  const nodes = new Map(Array.from(types, ([key, text]) => [key, { cut: cutText(text), met: 0 } as TextNode]));
  const resolve = (node: TextNode, at: number): TextNode | null => {
    const named = node.cut.references[at];
    const key = named === undefined ? undefined : keysMeant(named).find((one) => nodes.has(one));
    return key === undefined ? null : (nodes.get(key) as TextNode);
  };
  return [...nodes].flatMap(([key, node]) => (key.includes('#') ? [] : [[key, crcOfText(node, resolve)] as const]));
}
