// Computed CRCs against a shipped Module.symvers: node verify/crc.mjs --tree D --build B [--only PREFIX] [--jobs N]
// Prints each difference with its unit and each symbol not found with the reason, then how many are equal, different and not found.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { openBuild } from '../dist/disk/references/build-world.js';
import { configFacts, versionOfMakefile } from '../dist/kernel/config-facts.js';
import { exportingMacros } from '../dist/kernel/exporting-macros.js';
import { unitsOf } from '../dist/kernel/kbuild.js';
import { readSymvers } from '../dist/kernel/symvers.js';
import { exportingUnits, unitVersions } from '../dist/kernel/unit-versions.js';

function unitsOfBuild({ tree, build }) {
  const config = readFileSync(`${build}/.config`, 'latin1');
  const { arch, values } = configFacts(config);
  const version = versionOfMakefile(readFileSync(`${tree}/Makefile`, 'latin1'));
  const world = openBuild({ tree, builds: [build], config, arch, version });
  return { world, all: unitsOf(world.tree, values, arch).units };
}

/** Every unit that may export, once for each module it is part of; this thread's share of them. */
function share({ only, job, jobs, ...place }) {
  const { world, all } = unitsOfBuild(place);
  const seen = new Set();
  const wanted = exportingUnits(world.tree, all, exportingMacros(world.tree)).filter(({ source, module }) => {
    const key = `${source} ${module}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return only === undefined || source.startsWith(only);
  });
  return { world, units: wanted.filter((_, i) => i % jobs === job) };
}

if (isMainThread) {
  const text = { type: 'string' };
  const { values } = parseArgs({ options: { tree: text, build: text, only: text, jobs: text } });
  const jobs = Number(values.jobs ?? availableParallelism());
  const shipped = readSymvers(readFileSync(`${values.build}/Module.symvers`, 'latin1')).symbols;
  const started = performance.now();
  const found = new Map();
  const read = (job) =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL(import.meta.url), { workerData: { ...values, job, jobs } });
      worker.on('message', ({ module, source, versions }) => {
        for (const [name, crc] of versions) found.set(`${module} ${name}`, { crc, source });
        process.stderr.write(`\r${found.size} of ${shipped.length}`);
      });
      worker.on('exit', resolve).on('error', reject);
    });
  await Promise.all(Array.from({ length: jobs }, (_, job) => read(job)));
  const { world, all } = unitsOfBuild(values);
  /** Sources that the build makes are in no source package. */
  const made = all.filter(({ source }) => source === null || world.tree.contentId(source) === null);
  const reason = (wanted) => {
    const objects = made.filter(({ module }) => (module ?? 'vmlinux') === wanted).map(({ object }) => object);
    return objects.length === 0 ? 'no unit of it exports this' : `the build makes the source of ${objects.join(', ')}`;
  };
  let [equal, different, absent] = [0, 0, 0];
  for (const { name, module, crc } of shipped) {
    const own = found.get(`${module} ${name}`);
    if (own === undefined) absent++;
    else if (own.crc === crc) equal++;
    else different++;
    if (own === undefined && values.only === undefined) console.log(`not found: ${module} ${name}: ${reason(module)}`);
    if (own !== undefined && own.crc !== crc) console.log(`different: ${own.source} ${name}`);
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log('\n| shipped | equal | different | not found | seconds |\n|---|---|---|---|---|');
  console.log(`| ${shipped.length} | ${equal} | ${different} | ${absent} | ${seconds} |`);
  process.exitCode = equal / shipped.length >= 0.995 ? 0 : 1;
} else {
  const { world, units } = share(workerData);
  for (const unit of units) parentPort.postMessage(unitVersions(unit, world));
}
