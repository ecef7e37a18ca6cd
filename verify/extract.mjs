/**
 * The diffs that we cut out of mails, against git: `git mailinfo` and `git apply --numstat` on every mail of an archive that may carry one.
 * Same files, same counts of added and removed lines. Each disagreement is listed with git's own words.
 *
 *   npm run verify:extract [-- ARCHIVE]     a git bundle, a public-inbox repository, an mbox or a maildir
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMailInput } from '../dist/disk/mail-source.js';
import { readMessage } from '../dist/mail/message.js';

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

/** git's reading, and what it said where it refused. */
function gits(raw) {
  const patch = join(folder, 'patch');
  const info = spawnSync('git', ['mailinfo', join(folder, 'message'), patch], { input: raw, cwd: folder });
  if (info.status !== 0) return { rows: [], said: `mailinfo: ${info.stderr}`.trim() };
  const applied = spawnSync('git', ['apply', '--numstat', '-z', patch], { encoding: 'utf8', cwd: folder });
  const rows = applied.stdout.split('\0').filter((row) => row !== '');
  return { rows, said: applied.stderr.trim().split('\n')[0] ?? '' };
}

const counts = { mails: 0, carrying: 0, agree: 0, refused: 0, differ: 0 };
for await (const { raw } of readMailInput(archive)) {
  counts.mails++;
  const message = await readMessage(raw);
  const text = raw.toString('latin1');
  if (message.patch.files.length === 0 && !/^(?:diff --git |@@ -)/m.test(text)) continue;
  const git = gits(raw);
  const mine = ours(message);
  if (mine.length === 0 && git.rows.length === 0) continue;
  counts.carrying++;
  const sorted = (rows) => rows.toSorted().join('\n');
  if (sorted(mine) === sorted(git.rows)) counts.agree++;
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
  }
}
console.log(
  `${counts.mails} mails, ${counts.carrying} with a diff: ${counts.agree} agree, ${counts.refused} git cannot read, ${counts.differ} differ`,
);
process.exitCode = counts.differ > 0 ? 1 : 0;
