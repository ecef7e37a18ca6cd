/**
 * Real kABI fixes of distributions, reviewed: npm run verify:kabi-patches [-- --patches DIR --tree D --build B [--also B]...]
 *
 * From each diff alone: every conditional on __GENKSYMS__ that it adds must be found, and every line that INDEX.json says is hidden. Patches
 * with a label in LABELS.json are also judged on a tree of about their age, as the change and its fix in one: what the fix only moves
 * (its removed lines, which the tree before the change does not have) is left out. `--also` names builds of further configurations that the
 * distribution ships, as one without SMP: the verdict is the worst of all. Labels were made by reading; where the
 * engine differs, the row says so and why.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seriesInFiles } from '../dist/cli/mail-input.js';
import { treeInput } from '../dist/disk/tree-input.js';
import { reviewByUnits } from '../dist/kabi/review-by-units.js';
import { reviewSeries } from '../dist/kabi/review-series.js';
import { diffText, filePatchBetween } from '../dist/patch/line-diff.js';

const text = { type: 'string' };
const many = { ...text, multiple: true };
const { values } = parseArgs({ options: { patches: text, tree: text, build: many, also: many } });
const root = values.patches ?? '../shared/kabi-patches';
if (!existsSync(join(root, 'INDEX.json'))) {
  console.log(`skipped: ${root} is not here`);
  process.exit(0);
}
const json = (name) => JSON.parse(readFileSync(join(root, name), 'utf8'));
const plain = (line) =>
  line
    .replace(/\/\*.*?\*\/|\/\*.*$/g, '')
    .replace(/\s+/g, ' ')
    .trim();
const isComment = (line) => plain(line) === '' || /^\*|\*\/$/.test(plain(line));

/** Lines that add a conditional on the name, prose and macro bodies apart. */
function addedGuards(series) {
  return series.patches.flatMap(({ files }) =>
    files
      .filter((file) => /\.[chS]$/.test(file.after ?? ''))
      .flatMap((file) =>
        file.hunks.flatMap((hunk) => hunk.lines.filter((line) => /^\+\s*#\s*if.*__GENKSYMS__/.test(line))),
      ),
  ).length;
}

const counts = { patches: 0, added: 0, found: 0, hidden: 0, hiddenFound: 0 };
const idioms = new Map();
for (const entry of json('INDEX.json')) {
  const [series] = await seriesInFiles([join(root, entry.fix)]);
  if (series === undefined) {
    console.log(`no series in ${entry.fix}`);
    continue;
  }
  const { guards } = reviewSeries({ series, arch: 'x86_64' });
  counts.patches++;
  for (const { idiom } of guards) idioms.set(idiom, (idioms.get(idiom) ?? 0) + 1);
  const added = addedGuards(series);
  const conditional = guards.filter(({ idiom }) => /^(#|guarded)/.test(idiom)).length;
  counts.added += added;
  counts.found += Math.min(added, conditional);
  if (conditional < added) console.log(`${added - conditional} guards not found: ${entry.fix}`);
  const hides = new Set(guards.flatMap((guard) => guard.hides.map(plain)));
  const wanted = entry.hides.map(([, line]) => line).filter((line) => !isComment(line));
  const lost = wanted.filter((line) => !hides.has(plain(line)));
  counts.hidden += wanted.length;
  counts.hiddenFound += wanted.length - lost.length;
  if (lost.length > 0) console.log(`${entry.fix}: ${lost.length} hidden lines not listed, as \`${lost[0]}\``);
}
console.log('\n| patches | guards added | found | hidden lines in INDEX | listed |\n|---|---|---|---|---|');
console.log(`| ${counts.patches} | ${counts.added} | ${counts.found} | ${counts.hidden} | ${counts.hiddenFound} |`);
console.log('\n| idiom | guards |\n|---|---|');
for (const [idiom, count] of [...idioms].sort((one, other) => other[1] - one[1]))
  console.log(`| ${idiom} | ${count} |`);

/** First and last line of `struct NAME` in a file, from 0. */
function extentOf(lines, name) {
  const start = lines.findIndex((line) => new RegExp(`^struct ${name}\\s*\\{`).test(line));
  const end = lines.findIndex((line, at) => at > start && line.startsWith('}'));
  return start < 0 || end < 0 ? null : { start, end };
}

/** The struct as the hunk leaves it, on a tree that has neither change nor fix; null where the hunk adds nothing to it. */
function mended(lines, extent, hunk) {
  if (!hunk.lines.some((line) => line[0] === '+' && !isComment(line.slice(1)))) return null;
  return replaced(lines, extent, hunk) ?? inserted(lines, extent, hunk);
}

/**
 * The lines between the first and the last one that hunk and struct share become the hunk's; only where it knows each line that goes. Of
 * all such pairs the one whose lengths differ least.
 */
function replaced(lines, { start, end }, hunk) {
  const after = hunk.lines.filter((line) => line[0] !== '-').map((line) => line.slice(1));
  const known = new Set(hunk.lines.map((line) => plain(line.slice(1))));
  let best = null;
  for (const [i, first] of after.entries())
    for (let j = after.length - 1; j > i; j--)
      for (let from = start; from <= end; from++) {
        if (lines[from] !== first || first.trim() === '') continue;
        for (let to = from + 1; to <= end; to++) {
          if (lines[to] !== after[j] || after[j].trim() === '') continue;
          if (!lines.slice(from, to).every((line) => isComment(line) || known.has(plain(line)))) break;
          const cost = i + (after.length - 1 - j) + Math.abs(to - from - (j - i));
          if (best === null || cost < best.cost) best = { cost, from, to, text: after.slice(i, j + 1) };
        }
      }
  const adds = best?.text.filter((line) => hunk.lines.includes(`+${line}`)).length ?? 0;
  const wanted = hunk.lines.filter((line) => line[0] === '+').length;
  return best === null || adds < wanted
    ? null
    : [...lines.slice(0, best.from), ...best.text, ...lines.slice(best.to + 1)];
}

/** Each run of new lines before the context line that follows it, counted from the end of the struct, or at its end. */
function inserted(lines, { start, end }, hunk) {
  const after = hunk.lines.filter((line) => line[0] !== '-');
  const out = [...lines];
  for (let at = after.length - 1; at >= 0; at--) {
    if (after[at][0] !== '+') continue;
    let from = at;
    while (from > 0 && after[from - 1][0] === '+') from--;
    const next = after[at + 1]?.slice(1) ?? '};';
    const place = out.findLastIndex(
      (line, index) => index > start && index <= end && line === next && next.trim() !== '',
    );
    out.splice(place < 0 ? end : place, 0, ...after.slice(from, at + 1).map((line) => line.slice(1)));
    at = from;
  }
  return out;
}

/** The fix and the change that it mends as one patch on a tree that has neither: the labelled structs only. */
function combined(given, names, tree) {
  const files = given.patches.flatMap((patch) => patch.files).filter((file) => file.after?.endsWith('.h'));
  const patched = files.flatMap((file) => {
    const bytes = tree.read(file.after);
    if (bytes === null) return [];
    const before = Buffer.from(bytes).toString('latin1');
    let lines = before.split('\n');
    for (const hunk of file.hunks)
      for (const name of names) {
        const extent = extentOf(lines, name);
        const inside =
          hunk.heading.includes(`struct ${name} `) ||
          hunk.lines.some((line) => line.slice(1).startsWith(`struct ${name} `));
        if (extent !== null && inside) lines = mended(lines, extent, hunk) ?? lines;
      }
    return filePatchBetween(file.after, before, lines.join('\n')) ?? [];
  });
  return { ...given, patches: [{ ...given.patches[0], files: patched }] };
}

/** Where the engine does not follow the label, what it says instead and why; measured on a tree of 3.2. */
const disputed = {
  'struct file_operations': [
    'silent-break',
    'where struct drm_driver embeds it by value, as until 3.3, and modules define it statically',
  ],
  'struct dentry': ['conditional', 'd_u.d_rcu moves by 32 bytes; only the base kernel touches it'],
  // Without SMP it is not aligned, and grows: the label's verdict, where `--also` names such a build.
  ...(values.also === undefined && {
    'struct irq_desc': [
      'guarded',
      'both members fit into padding at the end: no size changes where this configuration aligns it',
    ],
  }),
};

const labels = json('LABELS.json').labels;
const source =
  values.tree === undefined ? null : treeInput({ tree: values.tree, build: values.build ?? [], arch: 'x86_64' });
const also = (values.also ?? []).map((dir) => ({
  ...treeInput({ tree: values.tree, build: [dir], arch: 'x86_64' }),
  units: null,
}));
console.log(
  `\n| label | expected | ${source === null ? 'from the diff' : 'on the tree'} | guards | |\n|---|---|---|---|---|`,
);
let differs = 0;
for (const { fix, subject, expected } of labels) {
  const [given] = await seriesInFiles([join(root, fix)]);
  const names = subject.replace('struct ', '').split(', ');
  const series = source === null ? given : combined(given, names, source.tree);
  const known = { ...source, reference: null };
  const review =
    source === null
      ? reviewSeries({ series, arch: 'x86_64' })
      : reviewByUnits({ series, arch: 'x86_64', source: { ...source, units: null }, also }, known, 8);
  const guards = review.guards.map(({ rule, honest }) => `${rule} ${honest}`).join(', ');
  const [other, why] = disputed[subject] ?? [expected, ''];
  if (source !== null && review.verdict !== other && review.verdict !== expected) differs++;
  const remark =
    review.verdict === expected
      ? 'agrees'
      : review.verdict === other
        ? `label disputed: ${why}`
        : source === null
          ? 'needs a tree'
          : 'DIFFERS';
  console.log(`| ${subject} | ${expected} | ${review.verdict} | ${guards} | ${remark} |`);
  if (process.env.KABIWATCH_DIFF !== undefined) for (const file of series.patches[0].files) console.log(diffText(file));
  if (process.env.KABIWATCH_WHY !== undefined)
    for (const one of [
      ...review.findings.map((one) => `${one.rule} ${one.type}: ${one.text}`),
      ...review.consumers
        .filter((c) => c.place !== 'builtin')
        .slice(0, 12)
        .map((one) => `${one.place} ${one.kind} ${one.type} ${one.member} ${one.file}:${one.line}`),
      ...review.missing.slice(0, 8).map((one) => `missing ${one.what}: ${one.why}`),
    ])
      console.log(`    ${one}`);
}
process.exitCode = counts.found === counts.added && differs === 0 ? 0 : 1;
