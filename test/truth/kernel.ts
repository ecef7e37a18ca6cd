/**
 * Debian's kernel on this machine: the source that test/servers/install.sh unpacked, the headers package (config, generated
 * headers, Module.symvers), genksyms. Provenance is the package version in the directory's name.
 */
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface DebianKernel {
  /** Source tree, as published. */
  readonly source: string;
  /** Build directory of linux-headers-*-amd64: .config, include/generated, Module.symvers. */
  readonly build: string;
  /** The genksyms binary of linux-kbuild. */
  readonly genksyms: string;
  /** Debian's package version, `6.1.192-2`. */
  readonly version: string;
}

/** The newest of `names` by Debian's numbering, near enough for directories of one series. */
function newest(names: readonly string[]): string | undefined {
  return [...names].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
}

function entries(dir: string): string[] {
  return existsSync(dir) ? readdirSync(dir) : [];
}

/** null where a part is absent; says so on the terminal, once, so that a skipped test is seen. */
export function debianKernel(): DebianKernel | null {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kabiwatch/kernel');
  const sourceName = newest(entries(cache).filter((name) => name.startsWith('linux-source-')));
  const buildName = newest(entries('/usr/src').filter((name) => /^linux-headers-6\.1\.0-\d+-amd64$/.test(name)));
  const genksyms = '/usr/lib/linux-kbuild-6.1/scripts/genksyms/genksyms';
  if (sourceName === undefined || buildName === undefined || !existsSync(genksyms)) {
    skipped('linux-source-6.1, linux-headers-amd64 or linux-kbuild-6.1 is not installed');
    return null;
  }
  return {
    source: join(cache, sourceName),
    build: join('/usr/src', buildName),
    genksyms,
    version: sourceName.slice('linux-source-'.length),
  };
}

const told = new Set<string>();

export function skipped(why: string): void {
  if (told.has(why)) return;
  told.add(why);
  process.stderr.write(`skipped: ${why}\n`);
}

/** A file or folder of the shared test data beside the checkout, or null (said visibly) where it is absent. */
export function sharedData(path: string): string | null {
  const found = join(process.cwd(), '../shared', path);
  if (existsSync(found)) return found;
  skipped(`../shared/${path} is not here`);
  return null;
}
