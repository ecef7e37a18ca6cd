/**
 * A layout as pahole prints it: members with offset and size, holes, cache lines, and the sums at the end.
 *
 * One rule gives the columns: at each depth the type has 26 columns less 8 a level, the name 22 more, then the comment.
 */
import type { Layout, MemberLayout } from '../c/layout.js';

const cacheline = 64;

/** The text for one type; `};` and a newline end it. */
export function paholeText(layout: Layout): string {
  const lines: string[] = [];
  const head = layout.typedef
    ? `typedef ${layout.kind} {`
    : `${layout.kind}${layout.name === null ? '' : ` ${layout.name}`} {`;
  lines.push(head);
  const sums = printMembers(layout, {
    depth: 1,
    start: 0,
    lines,
    line: { last: 0 },
    name: layout.kind === 'union' ? 20 : 22,
  });
  // Of a union pahole says no sums, and gives names two columns less.
  if (layout.kind === 'struct') lines.push('', ...summary(layout, sums).map((line) => `\t${line}`));
  lines.push(layout.typedef ? `} ${layout.name};` : '};');
  return `${lines.join('\n')}\n`;
}

interface Sheet {
  readonly depth: number;
  /** Bytes, from the outermost type. */
  readonly start: number;
  readonly lines: string[];
  /** The last cache line whose boundary was told, shared by all depths. */
  readonly line: { last: number };
  /** Columns of the names. */
  readonly name: number;
}

/** Bytes; bits where the name says so. */
interface Sums {
  members: number;
  bits: number;
  holes: number;
  holeBytes: number;
  bitHoles: number;
  holeBits: number;
  /** Where the last member ends. */
  endBit: number;
  /** Bits of the last member's storage unit where it is a bit-field, else 0. */
  unit: number;
}

function printMembers(layout: Layout, sheet: Sheet): Sums {
  const sums = { members: 0, bits: 0, holes: 0, holeBytes: 0, bitHoles: 0, holeBits: 0, endBit: 0, unit: 0 };
  const isStruct = layout.kind === 'struct';
  for (const member of layout.members) {
    if (isStruct) {
      printHole(sums, member, sheet.lines);
      printBoundary(sheet, sheet.start + Math.floor(member.bitOffset / 8));
    }
    printMember(member, sheet);
    sums.unit = member.bitSize > 0 ? 8 * member.size : 0;
    if (member.bitSize > 0) sums.bits += member.bitSize;
    else sums.members += member.size;
    sums.endBit = Math.max(sums.endBit, member.bitOffset + (member.bitSize || member.size * 8));
  }
  return sums;
}

/** What lies between the last member and this one: of a bit-field's own storage as bits, the rest as bytes. */
function printHole(sums: Sums, member: MemberLayout, lines: string[]): void {
  const gap = member.bitOffset - sums.endBit;
  if (gap <= 0) return;
  const bits = Math.min(gap, bitsLeft(sums));
  const bytes = (gap - bits) >> 3;
  lines.push('');
  if (bits > 0) {
    sums.bitHoles++;
    sums.holeBits += bits;
    lines.push(`\t/* XXX ${bits} bit${bits === 1 ? '' : 's'} hole, try to pack */`);
  }
  if (bytes > 0) {
    sums.holes++;
    sums.holeBytes += bytes;
    lines.push(`\t/* XXX ${bytes} byte${bytes === 1 ? '' : 's'} hole, try to pack */`);
  }
  lines.push('');
}

/** Bits after the last bit-field that its storage unit still has; 0 after any other member. */
function bitsLeft({ endBit, unit }: Sums): number {
  return unit === 0 ? 0 : (unit - (endBit % unit)) % unit;
}

function printBoundary(sheet: Sheet, at: number): void {
  const line = Math.floor(at / cacheline);
  if (line <= sheet.line.last) return;
  sheet.line.last = line;
  const ago = at - line * cacheline;
  const where = ago === 0 ? '' : ` was ${ago} bytes ago`;
  sheet.lines.push(
    `${'\t'.repeat(sheet.depth)}/* --- cacheline ${line} boundary (${line * cacheline} bytes)${where} --- */`,
  );
}

function printMember(member: MemberLayout, sheet: Sheet): void {
  const { depth, start, lines } = sheet;
  const tabs = '\t'.repeat(depth);
  const width = Math.max(0, 26 - 8 * (depth - 1));
  const at = start + Math.floor(member.bitOffset / 8);
  const { inner } = member;
  if (inner !== null) {
    lines.push(`${tabs}${inner.kind} {`);
    printMembers(inner, { ...sheet, depth: depth + 1, start: at });
    const close = `}${member.name === null ? '' : ` ${member.name}`};`;
    lines.push(`${tabs}${close.padEnd(width + sheet.name)} ${place(at, member.size)}`);
    return;
  }
  const { type, declarator } = declaration(member);
  if (member.bitSize === 0) {
    lines.push(`${tabs}${`${type.padEnd(width)} ${declarator};`.padEnd(width + sheet.name)} ${place(at, member.size)}`);
    return;
  }
  const unit = 8 * Math.max(1, member.size);
  const unitStart = Math.floor(member.bitOffset / unit) * unit;
  const text = `${type.padEnd(width)} ${declarator}:${member.bitSize};`.padEnd(width + sheet.name);
  const byte = String(start + unitStart / 8).padStart(5);
  const bit = String(member.bitOffset - unitStart).padStart(2);
  lines.push(`${tabs}${text} /* ${byte}:${bit} ${String(member.size).padStart(2)} */`);
}

function place(at: number, size: number): string {
  return `/* ${String(at).padStart(5)} ${String(size).padStart(5)} */`;
}

/** `char[16]` and `comm` are written `char` and `comm[16]`; a function pointer has its name inside. */
function declaration(member: MemberLayout): { type: string; declarator: string } {
  const name = member.name ?? '';
  const pointer = /^(.*?) ?(\(\*+(?:const|volatile| )*)((?:\[\d*\])*\).*)$/s.exec(member.type);
  if (pointer !== null)
    return { type: spaced(pointer[1] as string), declarator: `${pointer[2]}${name}${spaced(pointer[3] as string)}` };
  const array = /^(.*?)((?:\[\d*\])+)$/s.exec(member.type);
  const type = array === null ? member.type : (array[1] as string);
  return { type: spaced(type), declarator: `${name}${array?.[2] ?? ''}` };
}

/** pahole puts two blanks between a qualified type and its star, and one between stars. */
function spaced(type: string): string {
  return type.replace(/((?:const|volatile) [\w ]+?) \*/g, '$1  *').replace(/\*(?=\*)/g, '* ');
}

function summary(layout: Layout, sums: Sums): string[] {
  const lines = [
    `/* size: ${layout.size}, cachelines: ${Math.ceil(layout.size / cacheline)}, members: ${layout.members.length} */`,
  ];
  const bytes = sums.holes > 0 ? `, holes: ${sums.holes}, sum holes: ${sums.holeBytes}` : '';
  const bits = sums.bitHoles > 0 ? `, bit holes: ${sums.bitHoles}, sum bit holes: ${sums.holeBits} bits` : '';
  if (sums.holes > 0) lines.push(`/* sum members: ${sums.members}${bytes} */`);
  if (sums.bitHoles > 0) lines.push(`/* sum bitfield members: ${sums.bits} bits${bits} */`);
  const left = 8 * layout.size - sums.endBit;
  const bitPadding = Math.min(left, bitsLeft(sums));
  const padding = (left - bitPadding) >> 3;
  if (padding > 0) lines.push(`/* padding: ${padding} */`);
  if (bitPadding > 0) lines.push(`/* bit_padding: ${bitPadding} bits */`);
  if (layout.size % cacheline > 0) lines.push(`/* last cacheline: ${layout.size % cacheline} bytes */`);
  return lines;
}
