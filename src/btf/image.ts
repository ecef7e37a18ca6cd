/**
 * Where the BTF is in a file that a distribution ships: raw, in an ELF's `.BTF` section (vmlinux, a module), or inside a
 * boot image. A boot image holds a compressed kernel, and decompressing is the caller's work (it may need a tool): `locate`
 * answers what to decompress, and is asked again with the result.
 */
import { elfSections } from './elf.js';

export type Compression = 'gzip' | 'xz' | 'zstd' | 'lz4' | 'lzma' | 'bzip2' | 'lzo';

export type Located =
  | {
      readonly kind: 'btf';
      readonly bytes: Uint8Array;
      /** The section `.BTF.base` (Linux 6.11): what the module's BTF stands on, without the kernel it was built with. */
      readonly base: Uint8Array | null;
      /** A module's BTF names types of the kernel's BTF: it cannot be read alone. */
      readonly split: boolean;
    }
  | { readonly kind: 'compressed'; readonly compression: Compression; readonly bytes: Uint8Array }
  | { readonly kind: 'none'; readonly why: string };

const magics: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['lz4', [0x02, 0x21, 0x4c, 0x18]],
  ['lz4', [0x04, 0x22, 0x4d, 0x18]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['lzo', [0x89, 0x4c, 0x5a, 0x4f]],
  ['lzma', [0x5d, 0x00, 0x00]],
];

function startsWith(bytes: Uint8Array, magic: readonly number[], at = 0): boolean {
  return magic.every((byte, i) => bytes[at + i] === byte);
}

function compressionOf(bytes: Uint8Array): Compression | null {
  return magics.find(([, magic]) => startsWith(bytes, magic))?.[0] ?? null;
}

export function locateBtf(bytes: Uint8Array): Located {
  if (startsWith(bytes, [0x9f, 0xeb]) || startsWith(bytes, [0xeb, 0x9f]))
    return { kind: 'btf', bytes, base: null, split: false };
  const sections = elfSections(bytes);
  if (sections !== null) {
    const own = sections.get('.BTF');
    if (own === undefined)
      return { kind: 'none', why: 'the ELF file has no .BTF section (CONFIG_DEBUG_INFO_BTF is off)' };
    const split = sections.has('.modinfo') && sections.has('.gnu.linkonce.this_module');
    return { kind: 'btf', bytes: own, base: sections.get('.BTF.base') ?? null, split };
  }
  const payload = payloadOf(bytes) ?? bytes;
  const compression = compressionOf(payload);
  if (compression !== null) return { kind: 'compressed', compression, bytes: payload };
  return embeddedIn(payload);
}

/** The compressed kernel in a boot image, or null where it is none. */
function payloadOf(bytes: Uint8Array): Uint8Array | null {
  return bzImagePayload(bytes) ?? zbootPayload(bytes);
}

/** x86's boot protocol (Linux Documentation/arch/x86/boot.rst), 2.08 and later. */
function bzImagePayload(bytes: Uint8Array): Uint8Array | null {
  if (bytes.length < 0x260 || !startsWith(bytes, [0x48, 0x64, 0x72, 0x53], 0x202)) return null; // HdrS
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(0x206, true) < 0x208) return null;
  const sectors = view.getUint8(0x1f1) || 4;
  const start = (sectors + 1) * 512 + view.getUint32(0x248, true);
  const payload = bytes.subarray(start, start + view.getUint32(0x24c, true));
  // kbuild appends the unpacked size, four bytes, to every format but gzip, which has it anyway.
  return compressionOf(payload) === 'gzip' ? payload : payload.subarray(0, -4);
}

/** EFI zboot (drivers/firmware/efi/libstub/zboot-header.S): arm64, riscv and loongarch. */
function zbootPayload(bytes: Uint8Array): Uint8Array | null {
  if (bytes.length < 64 || !startsWith(bytes, [0x4d, 0x5a]) || !startsWith(bytes, [0x7a, 0x69, 0x6d, 0x67], 4))
    return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = view.getUint32(8, true);
  return bytes.subarray(start, start + view.getUint32(12, true));
}

/** A flat kernel image (arm64's Image) has no section headers: the BTF is where its header makes sense. */
function embeddedIn(bytes: Uint8Array): Located {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const little of [true, false]) {
    const magic = Buffer.from(little ? [0x9f, 0xeb, 1, 0] : [0xeb, 0x9f, 1, 0]);
    for (let at = buffer.indexOf(magic); at !== -1; at = buffer.indexOf(magic, at + 1)) {
      const length = lengthOfBtf(buffer, at, little ? 'little' : 'big');
      if (length !== null) return { kind: 'btf', bytes: bytes.subarray(at, at + length), base: null, split: false };
    }
  }
  return { kind: 'none', why: 'no BTF: neither raw, nor an ELF file, nor a boot image that is known' };
}

function lengthOfBtf(buffer: Buffer, at: number, order: 'little' | 'big'): number | null {
  if (at + 24 > buffer.length) return null;
  const [header, typeOffset, typeLength, stringOffset, stringLength] = [4, 8, 12, 16, 20].map((field) =>
    order === 'little' ? buffer.readUInt32LE(at + field) : buffer.readUInt32BE(at + field),
  ) as [number, number, number, number, number];
  const end = header + stringOffset + stringLength;
  const plausible = header === 24 && typeOffset === 0 && typeLength > 0 && stringOffset === typeLength;
  return plausible && at + end <= buffer.length ? end : null;
}
