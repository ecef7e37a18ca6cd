/**
 * The BTF of a file that a distribution ships: raw, vmlinux, a module (`.ko`, `.ko.xz`, …), a boot image. gzip is
 * unpacked here; the other formats by the tool of their name, which Linux distributions that use them have installed.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type Compression, locateBtf } from '../../btf/image.js';
import { type Btf, readBtf } from '../../btf/read.js';
import { KabiwatchError } from '../../errors.js';

/** An unpacked kernel is some 60 MB, with debug information up to 1 GB. */
const LIMIT = 2 ** 31 - 1;

/** A boot image holds one compressed kernel; a compressed file may hold that. */
const LAYERS = 4;

const tools: Readonly<Record<Exclude<Compression, 'gzip'>, readonly [string, ...string[]]>> = {
  xz: ['xz', '--decompress', '--stdout', '--single-stream'],
  lzma: ['xz', '--decompress', '--stdout', '--format=lzma'],
  zstd: ['zstd', '--decompress', '--stdout', '--quiet'],
  lz4: ['lz4', '-d', '-c', '-q'],
  bzip2: ['bzip2', '-d', '-c'],
  lzo: ['lzop', '-d', '-c'],
};

/** `base` is the kernel's BTF, for a module's. Throws `file-unreadable` and `btf-unreadable`, which name the file and why. */
export function readBtfFile(file: string, base: Btf | null = null): Btf {
  let bytes: Uint8Array = readBytes(file);
  for (let layer = 0; layer < LAYERS; layer++) {
    const located = locateBtf(bytes);
    if (located.kind === 'none') throw new KabiwatchError('btf-unreadable', { file, why: located.why });
    if (located.kind === 'compressed') {
      bytes = decompress(file, located.compression, located.bytes);
      continue;
    }
    const below = base ?? (located.base === null ? null : required(file, readBtf(located.base)));
    if (located.split && below === null)
      throw new KabiwatchError('btf-unreadable', {
        file,
        why: "a module's BTF goes on where the kernel's ends: name that too, with --btf-base",
      });
    return required(file, readBtf(located.bytes, below));
  }
  throw new KabiwatchError('btf-unreadable', { file, why: `compressed more than ${LAYERS} times` });
}

function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new KabiwatchError('file-unreadable', { file }, { cause });
  }
}

function required(file: string, read: ReturnType<typeof readBtf>): Btf {
  if (read.ok) return read.btf;
  throw new KabiwatchError('btf-unreadable', { file, why: `${read.why} (byte ${read.at} of the BTF)` });
}

function decompress(file: string, compression: Compression, bytes: Uint8Array): Uint8Array {
  try {
    if (compression === 'gzip') return gunzipSync(bytes, { maxOutputLength: LIMIT });
    const [tool, ...options] = tools[compression];
    return execFileSync(tool, options, { input: bytes, maxBuffer: LIMIT, stdio: ['pipe', 'pipe', 'pipe'] });
  } catch (cause) {
    const tool = compression === 'gzip' ? 'zlib' : tools[compression][0];
    const absent = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const why = absent
      ? `it is packed with ${compression}: install the tool ${tool}, or unpack it first`
      : `it is packed with ${compression}, and ${tool} could not unpack it`;
    throw new KabiwatchError('btf-unreadable', { file, why }, { cause });
  }
}
