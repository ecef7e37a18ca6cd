/** kbuild asks the compiler about each option and our makefiles take all: those that this compiler refuses by name are left out. */
import { spawnSync } from 'node:child_process';

const refused = new Map();

export function acceptedOptions(cc, options) {
  const known = refused.get(cc) ?? new Set();
  refused.set(cc, known);
  for (;;) {
    const kept = options.filter((one) => !known.has(one));
    const env = { ...process.env, LC_ALL: 'C' };
    const { status, stderr } = spawnSync(cc, [...kept, '-E', '-x', 'c', '/dev/null'], { encoding: 'latin1', env });
    if (status === 0) return kept;
    const before = known.size;
    for (const [, one] of stderr.matchAll(/unrecogni[sz]ed (?:command-line|argument in) option '([^']*)'/g))
      known.add(one);
    if (known.size === before) return kept;
  }
}
