/**
 * Patches of a mailing list on a tree that they apply to: npm run verify:real-patches -- ARCHIVE --tree D --build B [--since DATE] [--until DATE]
 *     [--most 300]
 *
 * ARCHIVE is a public-inbox repository. Each mail is taken alone; those that change a header which modules can include, and apply, are reviewed
 * as the command does without a reference: with the whole tree's users and some of the exporting units. Prints the verdicts, how long reviews take, and each verdict but none and crc-break with what it rests on.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { mailsInGit } from '../dist/disk/archives/mail-archive.js';
import { treeInput } from '../dist/disk/tree-input.js';
import { reviewByUnits } from '../dist/kabi/review-by-units.js';
import { assemble, seriesOf } from '../dist/mail/assemble.js';
import { readMessage } from '../dist/mail/message.js';
import { overlaySeries } from '../dist/tree/overlay.js';

const text = { type: 'string' };
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { tree: text, build: { ...text, multiple: true }, since: text, until: text, most: text },
});
const [archive] = positionals;
if (archive === undefined || !existsSync(archive) || values.tree === undefined) {
  console.log('skipped: give an archive and --tree');
  process.exit(0);
}
const git = (args) => execFileSync('git', ['-C', archive, ...args], { maxBuffer: 2 ** 30 });
const range = [
  values.since === undefined ? [] : [`--since=${values.since}`],
  values.until === undefined ? [] : [`--until=${values.until}`],
].flat();
const commits = git(['log', ...range, '--format=%H'])
  .toString()
  .split('\n')
  .filter(Boolean)
  .reverse();
const most = Number(values.most ?? 300);
/** As many as the command reads. */
const unitsRead = 8;
const input = treeInput({ tree: values.tree, build: values.build ?? [], arch: null });
const isPublicHeader = (path) => /^(include|arch\/x86\/include)\/.*\.h$/.test(path ?? '');

const verdicts = new Map();
const told = [];
const times = [];
const seen = new Set();
let [mails, patches, failed, crashed] = [0, 0, 0, 0];
for await (const { raw } of mailsInGit(
  archive,
  commits.map((commit) => ({ repository: archive, at: commit, addedAt: new Date(0), object: `${commit}:m` })),
)) {
  if (times.length >= most) break;
  mails++;
  if (!raw.includes('\n+++ b/include/') && !raw.includes('\n+++ b/arch/x86/include/')) continue;
  const message = await readMessage(raw);
  const [assembled] = assemble([message]).series.filter((one) => one.patches.length > 0);
  if (assembled === undefined) continue;
  const series = seriesOf(assembled);
  const files = series.patches.flatMap((patch) => patch.files);
  const key = series.patches[0].subject;
  if (!files.some((file) => isPublicHeader(file.before) && isPublicHeader(file.after)) || seen.has(key)) continue;
  seen.add(key);
  patches++;
  if (overlaySeries(input.tree, series).failed.length > 0) {
    failed++;
    continue;
  }
  const started = process.cpuUsage();
  let review;
  try {
    const source = { ...input, units: null };
    review = reviewByUnits({ series, arch: input.arch, source }, { ...input, reference: null }, unitsRead);
  } catch (error) {
    crashed++;
    console.log(`CRASH ${key}: ${error.stack}`);
    continue;
  }
  times.push(process.cpuUsage(started).user / 1e6);
  verdicts.set(review.verdict, (verdicts.get(review.verdict) ?? 0) + 1);
  process.stderr.write(`\r${times.length} reviewed, ${patches} with headers, ${mails} mails`);
  if (['silent-break', 'conditional', 'unknown', 'guarded'].includes(review.verdict))
    told.push({ key, id: series.messageId, review });
}

for (const verdict of ['silent-break', 'conditional', 'unknown', 'guarded'])
  for (const { key, id, review } of told.filter((one) => one.review.verdict === verdict)) {
    console.log(`\n${verdict}: ${key} <${id}>`);
    const own = review.types.filter((type) => type.verdict === verdict).slice(0, 6);
    for (const type of own) {
      const full = `${type.kind} ${type.name}`;
      const users = review.consumers.filter((one) => one.type === full || one.type === type.name);
      const outside = users.filter(({ place }) => place === 'module' || place === 'inline').slice(0, 2);
      const size = `${type.before?.size ?? '-'} -> ${type.after?.size ?? '-'}`;
      const who = outside
        .map((one) => `${one.place} ${one.kind} ${one.member ?? ''} ${one.file}:${one.line}`)
        .join(', ');
      console.log(`  ${full} (${type.file}:${type.line}) ${size}; ${users.length} users; ${who}`);
    }
    const worst = review.findings.filter(({ severity }) => severity !== 'info').slice(0, 3);
    for (const { rule, type, symbol, text: words } of worst) console.log(`  ${rule} ${type ?? symbol ?? ''}: ${words}`);
    for (const { what, why } of review.missing.slice(0, verdict === 'unknown' ? 3 : 1))
      console.log(`  not known: ${what} (${why})`);
  }
times.sort((one, other) => one - other);
const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))]?.toFixed(2) ?? '-';
console.log(
  '\n| mails | patches of headers | did not apply | reviewed | crashes | median CPU s | 95 % | most |\n|---|---|---|---|---|---|---|---|',
);
console.log(
  `| ${mails} | ${patches} | ${failed} | ${times.length} | ${crashed} | ${at(0.5)} | ${at(0.95)} | ${at(1)} |`,
);
console.log('\n| verdict | patches |\n|---|---|');
for (const [verdict, count] of [...verdicts].sort((one, other) => other[1] - one[1]))
  console.log(`| ${verdict} | ${count} |`);
process.exitCode = crashed === 0 ? 0 : 1;
