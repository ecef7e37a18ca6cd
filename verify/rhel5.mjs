/**
 * Seven release steps of a distribution that kept its kABI: npm run verify:rhel5 -- --repo GITDIR [--step 0..6] [--arch x86_64]
 *
 * RHEL 5.0 to 5.7, in the public git copy of the CentOS 5 kernel. Each step is the diff of the headers that modules can include, with the older
 * release as base, judged on its whole tree with the release's own config, exports of some core units included. Prints every guard that a step
 * adds or edits, the verdicts by type, and for each type worse than `conditional` the reason.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { treeInput } from '../dist/disk/tree-input.js';
import { reviewSeries } from '../dist/kabi/review-series.js';
import { exportingUnits } from '../dist/kabi/series/exporting-units.js';
import { newReading } from '../dist/kabi/series/series-changes.js';
import { parseDiffs } from '../dist/patch/parse.js';

const text = { type: 'string' };
const { values } = parseArgs({ options: { repo: text, step: text, arch: text, units: text } });
if (values.repo === undefined || !existsSync(values.repo)) {
  console.log('skipped: give --repo, a git copy of the CentOS 5 kernel with tags like 2.6.18-8.el5');
  process.exit(0);
}
const releases = [8, 53, 92, 128, 164, 194, 238, 274].map((build, at) => ({
  tag: `2.6.18-${build}.el5`,
  name: `5.${at}`,
}));
const arch = values.arch ?? 'x86_64';
const asm = { x86_64: 'x86_64', i386: 'i386', s390x: 's390', ppc64: 'powerpc' }[arch];
const config = { x86_64: 'x86_64', i386: 'i686', s390x: 's390x', ppc64: 'ppc64' }[arch];
const git = (...args) => execFileSync('git', ['-C', values.repo, ...args], { maxBuffer: 2 ** 30, encoding: 'latin1' });
const units = [
  'kernel/fork.c',
  'fs/namei.c',
  'net/core/dev.c',
  'mm/memory.c',
  'drivers/pci/probe.c',
  'block/ll_rw_blk.c',
  'drivers/scsi/scsi.c',
  'fs/inode.c',
  'net/core/sock.c',
  'security/security.c',
  'kernel/workqueue.c',
  'drivers/usb/core/usb.c',
];

const MORE_UNITS = Number(values.units ?? 40);
const totals = [];
for (const [at, to] of releases.slice(1).entries()) {
  if (values.step !== undefined && Number(values.step) !== at) continue;
  const from = releases[at];
  const build = mkdtempSync(join(tmpdir(), 'kabiwatch-el5-'));
  try {
    const configOf = ({ tag }) => git('show', `${tag}:configs/kernel-2.6.18-${config}.config`);
    writeFileSync(join(build, '.config'), withNewOptions(configOf(from), configOf(to)), 'latin1');
    const folders = [
      'linux',
      'net',
      'scsi',
      'sound',
      'media',
      'rdma',
      'crypto',
      'acpi',
      'pcmcia',
      'video',
      'keys',
      'asm-generic',
      `asm-${asm}`,
    ];
    const diff = git(
      'diff',
      '--no-renames',
      '--no-color',
      from.tag,
      to.tag,
      '--',
      ...folders.map((name) => `include/${name}/*.h`),
    );
    const patch = {
      n: 1,
      total: 1,
      messageId: null,
      subject: `RHEL ${from.name} to ${to.name}`,
      author: null,
      ...parseDiffs(diff),
    };
    const series = { subject: patch.subject, version: 1, rfc: false, messageId: null, base: null, patches: [patch] };
    const input = treeInput({ tree: `${values.repo}@${from.tag}`, build: [build], arch });
    const started = process.cpuUsage();
    const known = units.filter((path) => input.tree.read(path) !== null);
    const reading = newReading();
    const { whoUses: _, ...blind } = input;
    const first = reviewSeries({ series, arch, source: { ...blind, units: known, reading } });
    // Types whose text differs and that no export of these units reaches: more units are asked.
    const open = first.types.filter(({ verdict }) => verdict === 'unknown');
    const more = exportingUnits(open, [], { ...input, reference: null }, MORE_UNITS);
    const all = [...new Set([...known, ...more.units])];
    const review = reviewSeries({ series, arch, source: { ...input, units: all, settled: more.settled, reading } });
    print(from, to, series, review, process.cpuUsage(started).user / 1e6);
  } finally {
    rmSync(build, { recursive: true });
  }
}
console.log(
  '\n| step | headers | guards | honest | not honest | not decided | none | guarded | conditional | unknown | crc-break | silent-break | exports changed | CPU s |',
);
console.log('|---|---|---|---|---|---|---|---|---|---|---|---|---|---|');
for (const row of totals) console.log(`| ${row.join(' | ')} |`);

function print(from, to, series, review, seconds) {
  console.log(`\n## ${from.name} (${from.tag}) to ${to.name} (${to.tag}): ${review.verdict}\n`);
  console.log('| guard | at | honest | rule | why |\n|---|---|---|---|---|');
  for (const { idiom, file, line, honest, rule, why } of review.guards)
    console.log(`| ${idiom} | ${file}:${line} | ${honest} | ${rule} | ${why} |`);
  const worse = review.types.filter(({ verdict }) => ['unknown', 'crc-break', 'silent-break'].includes(verdict));
  console.log('\n| type | verdict | where | reason |\n|---|---|---|---|');
  for (const type of worse)
    console.log(
      `| ${type.kind} ${type.name} | ${type.verdict} | ${type.file}:${type.line} | ${reasonOf(type, review)} |`,
    );
  for (const { what, why } of review.missing) console.log(`- not known: ${what} (${why})`);
  const count = (verdict) => review.types.filter((type) => type.verdict === verdict).length;
  const calls = (honest) => review.guards.filter((guard) => guard.honest === honest).length;
  const verdicts = ['none', 'guarded', 'conditional', 'unknown', 'crc-break', 'silent-break'].map(count);
  totals.push([
    `${from.name} to ${to.name}`,
    series.patches[0].files.length,
    review.guards.length,
    calls(true),
    calls(false),
    calls(null),
    ...verdicts,
    `${review.symbols.changed.length} of ${review.symbols.exported}`,
    seconds.toFixed(0),
  ]);
}

/** The older release's configuration, and of the newer one's the options that the older did not have: a header may ask for them by name. */
function withNewOptions(older, newer) {
  const named = (line) => /\b(CONFIG_\w+)/.exec(line)?.[1];
  const known = new Set(older.split('\n').map(named));
  return `${older}\n${newer
    .split('\n')
    .filter((line) => named(line) !== undefined && !known.has(named(line)))
    .join('\n')}\n`;
}

/** What the findings say of the type, and who touches it. */
function reasonOf({ kind, name, embeddedIn }, { findings, consumers, types }) {
  const full = `${kind} ${name}`;
  const own = findings.filter(({ type, rule }) => type === full && rule !== 'cacheline-moved').slice(0, 2);
  const users = consumers.filter((one) => one.type === full || one.type === name);
  const outside = users.find(({ place }) => place === 'module' || place === 'inline');
  const who = outside === undefined ? '' : `; ${outside.place} ${outside.kind} in ${outside.file}:${outside.line}`;
  const inner = types.find((one) => one.embeddedIn.includes(full));
  const said = own.map(({ rule, text: words }) => `${rule}: ${words}`).join('; ');
  return `${said}${inner === undefined ? '' : `; holds ${inner.kind} ${inner.name}`}${who}${embeddedIn.length > 0 ? '' : ''}`;
}
