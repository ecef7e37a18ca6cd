/**
 * Which files of a series can matter at all, from their paths alone. The cheapest work is the work not done: a series that
 * touches only documentation, scripts, tests and makefiles is `none` before a line of it is read.
 */
import type { FilePatch, Series } from '../../patch/series.js';

/**
 * `public`: a header that modules can include (include/, arch/x/include/). `private`: another header, which one driver or
 * one subsystem includes. `source`: a .c file; types defined in it are opaque to genksyms. `other` cannot matter.
 */
export type FileRole = 'public' | 'private' | 'source' | 'other';

/** The kernel's own top directories whose C text ends up in the kernel or in a module. */
const kernelDirectories = new Set([
  ...[
    'arch',
    'block',
    'certs',
    'crypto',
    'drivers',
    'fs',
    'include',
    'init',
    'io_uring',
    'ipc',
    'kernel',
    'kgr',
    'lib',
  ],
  ...['mm', 'net', 'rust', 'security', 'sound', 'ubuntu', 'virt'],
]);

/** Below a directory whose code ends up in the kernel or in a module; tools/ and samples/ are none. */
export function isOfKernel(path: string): boolean {
  return kernelDirectories.has(path.slice(0, path.indexOf('/')));
}

export function roleOf(path: string): FileRole {
  if (!isOfKernel(path)) return 'other';
  if (/(^|\/)(selftests|tests?|kunit|boot\/dts|dts)\//.test(path) && !path.startsWith('include/')) return 'other';
  if (path.endsWith('.c') || path.endsWith('.S')) return 'source';
  if (!path.endsWith('.h')) return 'other';
  return path.startsWith('include/') || /^arch\/[^/]+\/include\//.test(path) ? 'public' : 'private';
}

export function pathOf(file: FilePatch): string {
  return file.after ?? file.before ?? '';
}

/** The files of a series that something must be read of. */
export function filesThatMatter(series: Series): readonly FilePatch[] {
  return series.patches.flatMap((patch) => patch.files.filter((file) => mayMatter(file)));
}

export function mayMatter(file: FilePatch): boolean {
  const roles = [file.before, file.after].filter((path) => path !== null).map(roleOf);
  return roles.some((role) => role !== 'other') && (file.hunks.length > 0 || file.status !== 'modified');
}
