// `npm run verify:audit`: known weaknesses of what the program runs on. High and critical ones fail; lesser ones are printed. A registry without that question, or no
// network, is said visibly and is no failure: it says nothing about the dependencies.
import { spawnSync } from 'node:child_process';

const { stdout, error } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
  encoding: 'utf8',
  timeout: 120_000,
  maxBuffer: 1 << 26,
});
let report = null;
try {
  report = JSON.parse(stdout);
} catch {
  // npm said something else: below.
}
const counts = report?.metadata?.vulnerabilities;
if (counts === undefined) {
  const why = report?.message ?? report?.error?.summary ?? error?.message ?? 'npm audit gave no report';
  console.log(
    `skipped: the registry was not able to say what is known about the dependencies (${String(why).split('\n')[0]})`,
  );
  process.exit(0);
}
for (const [name, { severity, via, fixAvailable }] of Object.entries(report.vulnerabilities)) {
  const titles = via.map((one) => (typeof one === 'string' ? `by ${one}` : `${one.title} ${one.url}`)).join('; ');
  console.log(`${severity} ${name}: ${titles}${fixAvailable ? ' (npm audit fix)' : ''}`);
}
const bad = counts.high + counts.critical;
console.log(
  `${report.metadata.dependencies.prod} dependencies, ${counts.total} known weaknesses, ${bad} of them high or critical`,
);
process.exit(bad > 0 ? 1 : 0);
