/**
 * Sections of an ELF file by name, of either class and byte order. Any bytes give sections or null; a section that reaches
 * outside of the file is left out.
 */
export type Sections = ReadonlyMap<string, Uint8Array>;

const NOBITS = 8;

/** null where the bytes are no ELF file with section headers. */
export function elfSections(bytes: Uint8Array): Sections | null {
  if (bytes.length < 52 || bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46)
    return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = bytes[4] === 2;
  const little = bytes[5] === 1;
  if (wide && bytes.length < 64) return null;
  const word = (at: number): number => (wide ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little));
  const table = word(wide ? 40 : 32);
  const entry = view.getUint16(wide ? 58 : 46, little);
  const count = view.getUint16(wide ? 60 : 48, little);
  const namesIndex = view.getUint16(wide ? 62 : 50, little);
  if (entry < (wide ? 64 : 40) || table + entry * count > bytes.length) return null;
  const contentOf = (index: number): Uint8Array | null => {
    const at = table + entry * index;
    if (index >= count || view.getUint32(at + 4, little) === NOBITS) return null;
    const start = word(at + (wide ? 24 : 16));
    const size = word(at + (wide ? 32 : 20));
    return start + size > bytes.length ? null : bytes.subarray(start, start + size);
  };
  const names = contentOf(namesIndex) ?? new Uint8Array();
  const sections = new Map<string, Uint8Array>();
  for (let index = 1; index < count; index++) {
    const content = contentOf(index);
    const start = view.getUint32(table + entry * index, little);
    const end = names.indexOf(0, start);
    if (content === null || end === -1 || end - start > 256) continue;
    sections.set(Buffer.from(names.subarray(start, end)).toString('latin1'), content);
  }
  return sections;
}
