/**
 * The diffs that we cut out of mails, against git: `git mailinfo` and `git apply --numstat` on every mail of an archive that may carry one.
 * Same files, same counts of added and removed lines. Each disagreement is listed with git's own words and with its reason; one without a
 * reason is an error.
 *
 *   npm run verify:extract [-- ARCHIVE]     a git bundle, a public-inbox repository, an mbox or a maildir
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMailInput } from '../dist/disk/archives/mail-source.js';
import { readMessage } from '../dist/mail/message.js';
import { diffText } from '../dist/patch/line-diff.js';

const given = process.argv[2] ?? '../shared/threads/linux-modules.bundle';
if (!existsSync(given)) {
  console.log(`skipped: no archive at ${given}`);
  process.exit(0);
}
const folder = mkdtempSync(join(tmpdir(), 'kabiwatch-extract-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const archive = given.endsWith('.bundle') ? join(folder, 'archive.git') : given;
if (archive !== given) execFileSync('git', ['clone', '-q', '--mirror', given, archive]);

const ours = ({ patch }) =>
  patch.files.map(({ before, after, binary, hunks }) => {
    const count = (mark) => hunks.flatMap(({ lines }) => lines).filter((line) => line[0] === mark).length;
    return binary ? `-\t-\t${after ?? before}` : `${count('+')}\t${count('-')}\t${after ?? before}`;
  });

/** git's reading, and what it said where it refused; `mended` changes what it is to apply. */
function gits(raw, mended = (text) => text) {
  const patch = join(folder, 'patch');
  const info = spawnSync('git', ['mailinfo', join(folder, 'message'), patch], { input: raw, cwd: folder });
  if (info.status !== 0) return { rows: [], said: `mailinfo: ${info.stderr}`.trim() };
  const input = Buffer.from(mended(readFileSync(patch, 'latin1')), 'latin1');
  const applied = spawnSync('git', ['apply', '--numstat', '-z'], { input, encoding: 'utf8', cwd: folder });
  const rows = applied.stdout.split('\0').filter((row) => row !== '');
  return { rows, said: applied.stderr.trim().split('\n')[0] ?? '' };
}

/** Why git reads something else, proved where it can be: the mail without what misleads git reads as ours. */
function reasonOf(raw, message, mine) {
  const kinds = message.patch.damage.map(({ kind }) => kind);
  const isMerge = kinds.includes('combined-diff');
  if (isMerge) return 'the diff of a merge: we name its file, git passes over it or refuses it';
  if (kinds.length > 0) return `damaged on its way, which we say too: ${[...new Set(kinds)].join(', ')}`;
  const text = raw.toString('latin1');
  const reads = (changed) => same(mine, gits(Buffer.from(changed, 'latin1')).rows);
  const head = text.search(/\r?\n\r?\n/);
  const plain = text.slice(0, head).replace(/;\s*format="?flowed"?/i, '') + text.slice(head);
  if (plain !== text && reads(plain)) return 'it says format=flowed and is not: git joins its lines';
  if (plain !== text && reads(plain.slice(0, head) + plain.slice(head).replace(/^ (?=[ +-])/gm, '')))
    return 'flowed text whose lines end in blanks: git joins them, we take its stuffing alone away';
  const lines = message.patch.files.map((file) => diffText(file)).join('');
  if (same(mine, gits(raw, (patch) => patch.replace(/\r$/gm, '')).rows))
    return 'lines end in CRLF, an empty line of context in CR alone: git refuses it';
  if (same(mine, gits(raw, () => lines).rows)) return 'git reads the same from the diff that we cut out';
  return null;
}

const same = (one, other) => one.toSorted().join('\n') === other.toSorted().join('\n');
const counts = { mails: 0, carrying: 0, agree: 0, refused: 0, differ: 0, unexplained: 0 };
const reasons = new Map();
for await (const { raw } of readMailInput(archive)) {
  counts.mails++;
  const message = await readMessage(raw);
  const text = raw.toString('latin1');
  if (message.patch.files.length === 0 && !/^(?:diff --git |@@ -)/m.test(text)) continue;
  const git = gits(raw);
  const mine = ours(message);
  if (mine.length === 0 && git.rows.length === 0) continue;
  counts.carrying++;
  if (same(mine, git.rows)) counts.agree++;
  else {
    const refused = git.rows.length === 0;
    counts[refused ? 'refused' : 'differ']++;
    const only = mine.filter((row) => !git.rows.includes(row));
    const missing = git.rows.filter((row) => !mine.includes(row));
    const damage = message.patch.damage.map(({ kind }) => kind);
    console.log(`${message.id}  ${message.tags.subject.slice(0, 70)}`);
    console.log(
      `  ours: ${mine.length} files ${JSON.stringify(only.slice(0, 3))}; damage: ${damage.join(', ') || 'none'}`,
    );
    console.log(`  git: ${git.rows.length} files ${JSON.stringify(missing.slice(0, 3))} ${git.said}`);
    const reason = reasonOf(raw, message, mine);
    if (reason === null) counts.unexplained++;
    console.log(`  reason: ${reason ?? 'NONE FOUND'}`);
    reasons.set(reason ?? 'none found', (reasons.get(reason ?? 'none found') ?? 0) + 1);
  }
}
console.log(
  `${counts.mails} mails, ${counts.carrying} with a diff: ${counts.agree} agree, ${counts.refused} git cannot read, ${counts.differ} differ`,
);
for (const [reason, count] of reasons) console.log(`${String(count).padStart(6)} ${reason}`);
process.exitCode = counts.unexplained > 0 ? 1 : 0;
