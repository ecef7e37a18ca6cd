/**
 * Clang's layouts of the types in a preprocessed text, by clang compiled to WebAssembly: no toolchain is needed, and nothing of a
 * patch leaves the sandbox that it runs in. The package is optional and loaded when first used.
 *
 * Of its two dumps the plain one is asked for, with a sizeof of each type: `-fdump-record-layouts-complete` lays types out before the
 * attributes behind their closing brace apply.
 */
import type { TargetName } from '../c/target.js';
import { KabiwatchError } from '../errors.js';
import type { LayoutQuestion, RecordFacts } from '../kabi/second-opinion.js';

const triples: Readonly<Record<TargetName, string>> = {
  x86_64: 'x86_64-linux-gnu',
  i386: 'i386-linux-gnu',
  aarch64: 'aarch64-linux-gnu',
  arm: 'armv7-linux-gnueabi',
  ppc64le: 'powerpc64le-linux-gnu',
  ppc64: 'powerpc64-linux-gnu',
  s390x: 's390x-linux-gnu',
  riscv64: 'riscv64-linux-gnu',
};

/** Throws clang-missing where the package is not installed. */
export async function recordLayouts({
  text,
  types,
  target,
}: LayoutQuestion): Promise<ReadonlyMap<string, RecordFacts>> {
  const { runLLVM } = await loaded();
  const probes = types.map((type, i) => `unsigned long kabiwatch_size_${i} = sizeof(${type});\n`);
  let dump = '';
  const decoder = new TextDecoder();
  const file = 'unit.c';
  const options = ['-std=gnu11', '-fshort-wchar', '-fno-short-enums', '-w', '-ferror-limit=0', '-fsyntax-only'];
  try {
    await runLLVM(
      ['clang', '-target', triples[target], ...options, '-Xclang', '-fdump-record-layouts', file],
      { [file]: `${text}\n${probes.join('')}` },
      {
        stdout: (bytes) => {
          if (bytes !== null) dump += decoder.decode(bytes, { stream: true });
        },
        // What clang cannot read it says here; a type that it could not lay out is then missing from the dump.
        stderr: () => undefined,
        fetchProgress: () => undefined,
      },
    );
  } catch (error) {
    // An exit code: the text has errors for clang, which the types that it could lay out do not mind.
    if (dump === '' && !(error instanceof Error && error.constructor.name === 'Exit')) throw error;
  }
  return readDump(dump);
}

async function loaded(): Promise<typeof import('@yowasp/clang')> {
  try {
    return await import('@yowasp/clang');
  } catch (cause) {
    throw new KabiwatchError('clang-missing', { remedy: 'npm install @yowasp/clang' }, { cause });
  }
}

/** By name as C spells the type: `struct foo`, or a typedef's name. */
export function readDump(dump: string): ReadonlyMap<string, RecordFacts> {
  const records = new Map<string, RecordFacts>();
  for (const block of dump.split('*** Dumping AST Record Layout\n').slice(1)) {
    const lines = block.split('\n');
    const name = /^\s*0 \| (.*)$/.exec(lines[0] as string)?.[1]?.trim();
    const end = lines.findIndex((line) => /^\s*\| \[sizeof=/.test(line));
    const extent = /sizeof=(\d+), align=(\d+)/.exec(lines[end] ?? '');
    if (name === undefined || extent === null) continue;
    const members = membersIn(lines.slice(1, end));
    records.set(name, { size: Number(extent[1]), align: Number(extent[2]), members });
  }
  return records;
}

/** `   61:0-8 |   unsigned int f2`: bytes, bits of a bit-field, depth by two blanks, type and name. */
const row = /^\s*(\d+)(?::(\d+)-(\d+))? \|( +)(.*)$/;

/** Members by name, those of anonymous members included, those of named ones not. */
function membersIn(lines: readonly string[]): Map<string, { bitOffset: number; bitSize: number }> {
  const members = new Map<string, { bitOffset: number; bitSize: number }>();
  /** Rows as deep as this belong to the record itself, or to an anonymous member of it. */
  let open = 1;
  for (const line of lines) {
    const match = row.exec(line);
    if (match === null) continue;
    const [, byte, first, last, blanks = '', text = ''] = match;
    const depth = (blanks.length - 1) / 2;
    if (depth > open) continue;
    open = depth;
    if (/^(struct|union) .*\(anonymous at [^)]*\)\s*$/.test(text)) open = depth + 1;
    const name = /([A-Za-z_$][\w$]*)$/.exec(text)?.[1];
    if (name === undefined || open > depth) continue;
    const bitSize = first === undefined ? 0 : Number(last) - Number(first) + 1;
    members.set(name, { bitOffset: Number(byte) * 8 + Number(first ?? 0), bitSize });
  }
  return members;
}
