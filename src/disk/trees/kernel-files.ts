/** The files that a distribution ships for a kernel, and where the running machine has them. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { KabiwatchError } from '../../errors.js';
import { kabiModuleList, type PolicyRead, readPolicyList } from '../../kernel/lists.js';

/** The text of a file, unpacked where it is gzip or xz (distributions' symvers are); xz by the tool of that name. */
export function readText(path: string): string {
  try {
    const bytes = readFileSync(path);
    if (bytes[0] === 0xfd && bytes.toString('latin1', 1, 5) === '7zXZ')
      return execFileSync('xz', ['--decompress', '--stdout'], { input: bytes, maxBuffer: 1 << 30 }).toString('latin1');
    return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('latin1');
  } catch (cause) {
    throw new KabiwatchError('file-unreadable', { path }, { cause });
  }
}

/** A policy file, or a directory of kabi-module. */
export function readPolicyFile(path: string): PolicyRead & { readonly text: string } {
  if (existsSync(path) && statSync(path).isDirectory()) {
    const names = readdirSync(path).sort();
    const files = names.map((name) => ({ name, text: readText(join(path, name)) }));
    // Stored as one list: the versions that the files had, else the names.
    const text = files.map(({ name, text: own }) => /^0x.*$/m.exec(own)?.[0] ?? name).join('\n');
    return { ...kabiModuleList(basename(path), files), text };
  }
  const text = readText(path);
  return { ...readPolicyList(basename(path), text), text };
}

/** What there is of a kernel that a package manager has installed. null: not there. */
export interface InstalledKernel {
  readonly release: string;
  readonly config: string | null;
  readonly symvers: string | null;
  readonly btf: string | null;
  readonly build: string | null;
}

/** `root` is `/`, or where a machine's files are mounted. */
export function installedKernel(release: string, root = '/'): InstalledKernel {
  const first = (...paths: readonly string[]): string | null =>
    paths.map((path) => join(root, path)).find((path) => existsSync(path)) ?? null;
  const modules = `lib/modules/${release}`;
  return {
    release,
    config: first(
      `boot/config-${release}`,
      `${modules}/config`,
      `${modules}/build/.config`,
      `usr/src/linux-headers-${release}/.config`,
    ),
    symvers: first(
      `${modules}/build/Module.symvers`,
      `usr/src/linux-headers-${release}/Module.symvers`,
      `${modules}/symvers.gz`,
      `${modules}/symvers.xz`,
      ...['gz', 'xz'].map((ending) => `boot/symvers-${release}.${ending}`),
    ),
    btf: first(
      'sys/kernel/btf/vmlinux',
      `${modules}/vmlinux`,
      `usr/lib/debug/boot/vmlinux-${release}`,
      `${modules}/vmlinuz`,
      `boot/vmlinuz-${release}`,
    ),
    build: first(`${modules}/build`, `usr/src/linux-headers-${release}`),
  };
}
