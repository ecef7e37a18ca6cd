/** `--build` and `--arch`, each as often as wanted -> the configurations that a series is judged on. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Architecture } from '../../kabi/review.js';
import { configFacts } from '../../kernel/config-facts.js';

/** One configuration: its folders, and its architecture where it was asked for. */
export interface ConfigurationPlace {
  readonly build: readonly string[];
  readonly arch: Architecture | null;
}

/**
 * At least one. A folder with a `.config` is a configuration of its own, one without belongs to all; of an architecture that none is for there is
 * one without a configuration. With at most one of each, they are taken together as they are.
 */
export function configurationsOf(build: readonly string[], arch: readonly Architecture[]): ConfigurationPlace[] {
  const configured = build.filter((dir) => existsSync(join(dir, '.config')));
  if (configured.length <= 1 && arch.length <= 1) return [{ build, arch: arch[0] ?? null }];
  const shared = build.filter((dir) => !configured.includes(dir));
  const known = configured.map((dir) => ({ dir, arch: archOf(dir) }));
  if (arch.length === 0) return known.map(({ dir }) => ({ build: [dir, ...shared], arch: null }));
  return arch.flatMap((one) => {
    const own = known.filter((its) => its.arch === one).map(({ dir }) => ({ build: [dir, ...shared], arch: one }));
    return own.length === 0 ? [{ build: shared, arch: one }] : own;
  });
}

function archOf(dir: string): string | null {
  return configFacts(readFileSync(join(dir, '.config'), 'latin1')).arch;
}
