// Computed CRCs against a shipped Module.symvers: node verify/crc.mjs --tree D --build B [--only PREFIX] [--jobs N]
// Prints equal, different and missing, and each difference with its unit.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { predefinedMacros } from '../dist/c/predefined.js';
import { directoryTree } from '../dist/disk/directory-tree.js';
import { dialectOf } from '../dist/genksyms/dialect.js';
import { configFacts, versionOfMakefile } from '../dist/kernel/config-facts.js';
import { builtTree } from '../dist/kernel/generated.js';
import { unitsOf } from '../dist/kernel/kbuild.js';
import { locateExports } from '../dist/kernel/reference-tables.js';
import { readSymvers } from '../dist/kernel/symvers.js';
import { archDirectory } from '../dist/kernel/unit.js';
import { VersionReader } from '../dist/kernel/versions.js';

function open({ tree: dir, build, only }) {
  const source = directoryTree(dir);
  const facts = configFacts(readFileSync(`${build}/.config`, 'latin1'));
  const arch = facts.arch;
  const tree = builtTree(source, directoryTree(build), archDirectory(source, arch), null);
  const { units } = unitsOf(tree, facts.values, arch);
  const names = new Map();
  for (const { source: path, name } of locateExports(tree, units)) names.set(path, [...(names.get(path) ?? []), name]);
  const seen = new Set();
  const wanted = units.filter((unit) => {
    const key = `${unit.source} ${unit.module}`;
    if (unit.source === null || !names.has(unit.source) || seen.has(key)) return false;
    seen.add(key);
    return only === undefined || unit.source.startsWith(only);
  });
  const release = versionOfMakefile(Buffer.from(tree.read('Makefile')).toString('latin1'));
  return { wanted, names, reader: new VersionReader(tree, predefinedMacros(arch), dialectOf(release)) };
}

if (isMainThread) {
  const { values } = parseArgs({
    options: {
      tree: { type: 'string' },
      build: { type: 'string' },
      only: { type: 'string' },
      jobs: { type: 'string' },
    },
  });
  const jobs = Number(values.jobs ?? availableParallelism());
  const shipped = readSymvers(readFileSync(`${values.build}/Module.symvers`, 'latin1')).symbols;
  const started = performance.now();
  const found = new Map();
  const problems = [];
  await Promise.all(
    Array.from({ length: jobs }, (_, job) => {
      const worker = new Worker(new URL(import.meta.url), {
        workerData: { ...values, job, jobs },
        resourceLimits: { maxOldGenerationSizeMb: 4000 },
      });
      worker.on('message', ({ module, source, exports, missing }) => {
        for (const { name, crc } of exports) found.set(`${module} ${name}`, { crc, source });
        if (missing !== undefined) problems.push(`${source}: ${missing}`);
        process.stderr.write(`\r${found.size}`);
      });
      return new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject));
    }),
  );
  let [equal, different, absent] = [0, 0, 0];
  for (const { name, module, crc } of shipped) {
    const own = found.get(`${module} ${name}`);
    if (own === undefined) {
      absent++;
      if (values.only === undefined) console.log(`not found: ${module} ${name}`);
    } else if (own.crc === crc) equal++;
    else {
      different++;
      console.log(`different: ${own.source} ${name}`);
    }
  }
  for (const problem of problems.slice(0, 40)) console.log(`missing: ${problem}`);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`\n| shipped | equal | different | not found | seconds |\n|---|---|---|---|---|`);
  console.log(`| ${shipped.length} | ${equal} | ${different} | ${absent} | ${seconds} |`);
  process.exitCode = equal / shipped.length >= 0.995 ? 0 : 1;
} else {
  const { wanted, names, reader } = open(workerData);
  for (let i = workerData.job; i < wanted.length; i += workerData.jobs) {
    const unit = wanted[i];
    const { exports, missing } = reader.of(unit, names.get(unit.source) ?? []);
    const first = missing[0];
    parentPort.postMessage({
      module: unit.module ?? 'vmlinux',
      source: unit.source,
      exports: exports.map(({ name, crc }) => ({ name, crc })),
      missing: first === undefined ? undefined : `${first.file}:${first.line}: ${first.what}: ${first.why}`,
    });
  }
}
