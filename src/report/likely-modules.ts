/**
 * Which kinds of outside module are likely to touch what moved, from who touches it in the tree: a member that fs/exec.c and security/ use is one
 * that exec handlers and security modules use. A naming table; the order is that of the kernel's own directories.
 */
import type { Consumer } from '../kabi/review.js';

const kinds: readonly (readonly [pattern: RegExp, kind: string])[] = [
  [/^fs\/(exec|binfmt_\w+|coredump)\.c$/, 'exec handlers'],
  [/^(security|include\/linux\/(lsm|security))/, 'security modules (LSMs)'],
  [/^fs\/(aio|direct-io|iomap\/.*)\.c$/, 'asynchronous and direct I/O'],
  [/^(fs\/|include\/linux\/fs)/, 'filesystems'],
  [/^(mm\/|include\/linux\/mm)/, 'modules that map or pin user memory'],
  [/^(virt\/|arch\/\w+\/kvm\/)/, 'hypervisors'],
  [/^kernel\/(trace|events|kprobes|uprobes)/, 'tracers and probes'],
  [/^kernel\/sched|^kernel\/sched\//, 'schedulers'],
  [/^kernel\/(fork|exit|signal|ptrace)\.c$/, 'debuggers and process accounting'],
  [/^(drivers\/net\/|include\/linux\/netdevice)/, 'network drivers'],
  [/^(net\/|include\/net\/)/, 'network protocols and filters'],
  [/^(block\/|drivers\/(block|md)\/)/, 'block drivers'],
  [/^(drivers\/(scsi|ata|message|target)\/|include\/scsi\/)/, 'storage drivers'],
  [/^(sound\/|include\/sound\/)/, 'sound drivers'],
  [/^(drivers\/(gpu|video)\/|include\/drm\/)/, 'graphics drivers'],
  [/^(drivers\/infiniband\/|include\/rdma\/)/, 'RDMA drivers'],
  [/^(drivers\/media\/|include\/media\/)/, 'media drivers'],
  [/^(drivers\/usb\/|include\/linux\/usb)/, 'USB drivers'],
  [/^(crypto\/|drivers\/crypto\/|include\/crypto\/)/, 'crypto drivers'],
];

const bus = /^drivers\/([a-z0-9_-]+)\//;

/** In the order of how many places there are; at most `most`. */
export function likelyModules(consumers: readonly Consumer[], most: number): string[] {
  const counts = new Map<string, number>();
  for (const { file } of consumers) {
    const driver = bus.exec(file)?.[1];
    const kind =
      kinds.find(([pattern]) => pattern.test(file))?.[1] ?? (driver === undefined ? null : `${driver} drivers`);
    if (kind !== null) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts]
    .sort((one, other) => other[1] - one[1])
    .slice(0, most)
    .map(([kind]) => kind);
}
