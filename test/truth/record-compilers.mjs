/**
 * Asks the installed compilers what they predefine under the kernel's options, and writes src/c/predefined/:
 * `node test/truth/record-compilers.mjs`. Needs Debian's gcc-12 cross compilers and clang; names and
 * numbers are all that is kept.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

const common = ['-std=gnu11', '-O2', '-fshort-wchar', '-fno-PIE', '-fno-strict-aliasing', '-fno-common'];
const x86 = ['-mno-sse', '-mno-mmx', '-mno-sse2', '-mno-3dnow', '-mno-avx', '-fstack-protector-strong'];
const targets = {
  x86_64: [
    '',
    'x86_64-linux-gnu',
    [...x86, '-m64', '-mno-80387', '-mno-red-zone', '-mcmodel=kernel', '-fcf-protection=none'],
  ],
  i386: [
    '',
    'i386-linux-gnu',
    [...x86, '-m32', '-mregparm=3', '-msoft-float', '-march=i686', '-ffreestanding', '-fcf-protection=none'],
  ],
  aarch64: [
    'aarch64-linux-gnu-',
    'aarch64-linux-gnu',
    ['-mgeneral-regs-only', '-mabi=lp64', '-mlittle-endian', '-fstack-protector-strong'],
  ],
  arm: [
    'arm-linux-gnueabihf-',
    'arm-linux-gnueabi',
    [
      '-mlittle-endian',
      '-mabi=aapcs-linux',
      '-mfpu=vfp',
      '-marm',
      '-march=armv7-a',
      '-msoft-float',
      '-fstack-protector-strong',
    ],
  ],
  ppc64le: [
    'powerpc64le-linux-gnu-',
    'powerpc64le-linux-gnu',
    [
      '-m64',
      '-mlittle-endian',
      '-mcpu=power8',
      '-mno-altivec',
      '-mno-vsx',
      '-msoft-float',
      '-mcmodel=medium',
      '-fstack-protector-strong',
    ],
  ],
  ppc64: [
    'powerpc64le-linux-gnu-',
    'powerpc64-linux-gnu',
    [
      '-m64',
      '-mbig-endian',
      '-mabi=elfv1',
      '-mcpu=power4',
      '-mno-altivec',
      '-mno-vsx',
      '-msoft-float',
      '-mcmodel=medium',
    ],
  ],
  s390x: [
    's390x-linux-gnu-',
    's390x-linux-gnu',
    ['-m64', '-march=z10', '-msoft-float', '-mbackchain', '-mpacked-stack', '-fstack-protector-strong'],
  ],
  riscv64: [
    'riscv64-linux-gnu-',
    'riscv64-linux-gnu',
    ['-mabi=lp64', '-march=rv64imac_zicsr_zifencei', '-mcmodel=medany', '-fstack-protector-strong'],
  ],
};

function predefined(command, options) {
  const done = spawnSync(command, [...options, '-dM', '-E', '-x', 'c', '/dev/null'], { encoding: 'latin1' });
  if (done.status !== 0) throw new Error(`${command} ${options.join(' ')}: ${done.stderr}`);
  return done.stdout.trim().split('\n').sort();
}

function write(compiler, tables, version) {
  const arrays = Object.entries(tables);
  const shared = arrays[0][1].filter((line) => arrays.every(([, lines]) => lines.includes(line)));
  let text = `/** What ${version} predefines under the kernel's options; written by test/truth/record-compilers.mjs. */\n`;
  text += `export const shared = \`\n${shared.join('\n')}\n\`;\n\n`;
  text += 'export const byArch: Readonly<Record<string, string>> = {\n';
  for (const [arch, lines] of arrays)
    text += `  ${arch}: \`\n${lines.filter((line) => !shared.includes(line)).join('\n')}\n\`,\n`;
  writeFileSync(new URL(`../../src/c/predefined/${compiler}.ts`, import.meta.url), `${text}};\n`);
}

const gcc = Object.fromEntries(
  Object.entries(targets).map(([arch, [prefix, , options]]) => [
    arch,
    predefined(`${prefix}gcc`, [...common, ...options]),
  ]),
);
write('gcc', gcc, 'gcc 12');

const clang = Object.fromEntries(
  Object.entries(targets).map(([arch, [, target, options]]) => {
    const own = options.filter(
      (one) =>
        !/^-(mno-80387|mpacked-stack|mregparm=3|fstack-protector-strong|mabi=lp64|mabi=aapcs-linux|mno-altivec|mno-vsx|mcpu=power[48]|mabi=elfv1|mno-red-zone|mfpu=vfp|mcmodel=(kernel|medium|medany))$/.test(
          one,
        ),
    );
    return [
      arch,
      predefined('clang', [
        `--target=${target}`,
        ...common,
        ...own.map((one) => one.replace('rv64imac_zicsr_zifencei', 'rv64imac')),
      ]),
    ];
  }),
);
write('clang', clang, 'clang 14');
