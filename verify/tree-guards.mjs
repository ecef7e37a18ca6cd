/**
 * Every guard that stands in a distribution's tree, judged as the change that brought it: npm run verify:tree-guards -- --tree D [--build B]...
 *     [--arch A] [--users] [--only REGEX] [--under FOLDER]
 *
 * A guard says what genksyms sees, so the file before it can be written: without what it hides, with what it shows. Each guard of a header is
 * taken out alone and put back by a series of one patch. It must be found, and no version may change by it; what is called
 * dishonest is listed with its reason. `--users` asks the whole tree who uses what moved.
 */
import { parseArgs } from 'node:util';
import { treeInput } from '../dist/disk/tree-input.js';
import { guardsIn } from '../dist/kabi/diff/guard-text.js';
import { reviewSeries } from '../dist/kabi/review-series.js';
import { newReading } from '../dist/kabi/series/series-changes.js';
import { filePatchBetween } from '../dist/patch/line-diff.js';
import { overlayFiles } from '../dist/tree/overlay.js';

const text = { type: 'string' };
const flag = { type: 'boolean', default: false };
const { values } = parseArgs({
  options: { tree: text, build: { ...text, multiple: true }, arch: text, users: flag, only: text, under: text },
});
if (values.tree === undefined) {
  console.log('skipped: give --tree, the source of a kernel with guards');
  process.exit(0);
}
const { whoUses, ...input } = treeInput({ tree: values.tree, build: values.build ?? [], arch: values.arch ?? null });
const { tree, arch } = input;

function* headersIn(folder) {
  for (const name of tree.list(folder.slice(0, -1))) {
    if (name.endsWith('/')) yield* headersIn(folder + name);
    else if (name.endsWith('.h')) yield folder + name;
  }
}

/** The arguments of the call that begins in `call`. */
function argumentsOf(call) {
  const list = [''];
  let depth = 0;
  for (const mark of call.slice(call.indexOf('('))) {
    if (mark === ')' || mark === '}' || mark === ']') depth--;
    if (depth === 0 && mark === ')') return { list: list.map((one) => one.trim()) };
    if (depth === 1 && mark === ',') list.push('');
    else if (depth > 0) list[list.length - 1] += mark;
    if (mark === '(' || mark === '{' || mark === '[') depth++;
  }
  return null;
}

/** The text that stood where a macro is called; null where that is not known. */
function beforeMacro(idiom, call) {
  const [, family, what] = /^_*((?:[A-Z]+_)*KABI|ANDROID_BACKPORT)_(.*)$/.exec(idiom) ?? [];
  const given = argumentsOf(call)?.list;
  if (given === undefined) return null;
  const own = idiom.startsWith('_') || /ANDROID|RENAME|CONST/.test(idiom) ? '' : ';';
  const [first, second] = given;
  if (/^(EXTEND|FILL_HOLE|BROKEN_INSERT)$/.test(what)) return '';
  if (/^(USE2?|USE_P|USE2_P|USE_SPLIT)$/.test(what)) {
    const end = given.findIndex((one) => !/^\d+$/.test(one));
    const reserve = what.endsWith('_P') ? 'RESERVE_P' : 'RESERVE';
    return given
      .slice(0, Math.max(1, end))
      .map((n) => `${family}_${reserve}(${n})`)
      .join(own === '' ? '; ' : ' ');
  }
  if (/^RESERVED_USE2?$/.test(what)) return `${family}_RESERVED(${first})`;
  if (/REPLACE(2|_SPLIT|_UNSAFE)?$/.test(what)) return `${first}${own}`;
  if (what === 'RENAME') return first;
  if (what === 'DEPRECATE') return `${first} ${second};`;
  if (what === 'DEPRECATE_FN') return `${first} (*${second})(${given.slice(2).join(', ')});`;
  return null;
}

/** A line with the text that stood where it calls one of the macros. */
function withoutMacro(line) {
  const [, lead, idiom, call] = /^(\s*)(\w*KABI_\w+)(\(.*)$/.exec(line) ?? [];
  const before = idiom === undefined ? null : beforeMacro(idiom, call);
  return before === null ? line : `${lead}${before}`;
}

/** The lines of a file before the guard; null where they are not known. */
function linesBefore(lines, guard) {
  const [start, end] = [guard.line - 1, guard.lastLine];
  let own = lines.slice(start, end);
  // A condition that goes on behind a backslash is one line.
  while (/^\s*#.*\\$/.test(own[0])) own = [own[0].slice(0, -1) + own[1].trim(), ...own.slice(2)];
  if (!/^\s*#/.test(own[0])) {
    const whole = own.join('\n');
    const at = whole.indexOf(guard.idiom);
    const before = beforeMacro(guard.idiom, whole.slice(at));
    if (before === null) return null;
    let close = whole.indexOf('(', at);
    for (let depth = 0; close < whole.length; close++) {
      if (whole[close] === '(') depth++;
      else if (whole[close] === ')' && --depth === 0) break;
    }
    let rest = whole.slice(close + 1);
    if (before === '') rest = rest.replace(/^\s*;/, '');
    return [...lines.slice(0, start), ...`${whole.slice(0, at)}${before}${rest}`.split('\n'), ...lines.slice(end)];
  }
  const branches = [[]];
  let depth = 0;
  for (const line of own.slice(1, -1)) {
    const word = /^\s*#\s*(\w+)/.exec(line)?.[1] ?? '';
    if (/^if/.test(word)) depth++;
    if (word === 'endif') depth--;
    if (depth === 0 && word === 'else') branches.push([]);
    else if (depth === 0 && word === 'elif') return null;
    else branches.at(-1).push(line);
  }
  const isNegated = /ifndef|!\s*\(?\s*defined/.test(own[0]);
  // What genksyms alone sees may be written with the macros that a later use replaced: `KABI_USE(3, list.prev)`.
  const kept = (isNegated ? (branches[1] ?? []) : branches[0]).map(withoutMacro);
  return [...lines.slice(0, start), ...kept, ...lines.slice(end)];
}

/** The file as it was when the guard came: guards further down in the same declaration were not there yet, as each comes at its end. */
function linesThen(lines, guards, guard) {
  const end = lines.findIndex((line, at) => at >= guard.lastLine && line.startsWith('}'));
  const later = guards.filter((one) => one.line > guard.lastLine && one.lastLine <= end);
  return later.toReversed().reduce((text, one) => linesBefore(text, one) ?? text, lines);
}

const folders =
  values.under === undefined
    ? ['include/', `arch/${arch === 'aarch64' ? 'arm64' : 'x86'}/include/`]
    : [`${values.under}/`];
const only = values.only === undefined ? null : new RegExp(values.only);
const rows = { guards: 0, unknown: 0, lost: 0, versions: 0, contradict: 0 };
const verdicts = new Map();
const idioms = new Map();
const reading = newReading();
for (const folder of folders)
  for (const file of headersIn(folder)) {
    if (only !== null && !only.test(file)) continue;
    const after = Buffer.from(tree.read(file) ?? '').toString('latin1');
    if (!/__GENKSYMS__|KABI_|ANDROID_BACKPORT/.test(after) || /(^|\/)\w*(kabi|android_vendor)\w*\.h$/.test(file))
      continue;
    const lines = after.split('\n');
    const all = lines.map((line, at) => ({ text: line, number: at + 1, changed: true }));
    const guards = guardsIn([{ heading: '', lines: all }]);
    for (const guard of guards) {
      const then = linesThen(lines, guards, guard);
      const was = linesBefore(then, guard);
      if (was === null || was.join('\n') === then.join('\n')) {
        rows.unknown++;
        continue;
      }
      const before = was.join('\n');
      const patched = filePatchBetween(file, before, then.join('\n'));
      const patch = { n: 1, total: 1, messageId: null, subject: 's', author: null, damage: [], files: [patched] };
      const series = { subject: 's', version: 1, rfc: false, messageId: null, base: null, patches: [patch] };
      const base = overlayFiles(
        tree,
        new Map([[file, Buffer.from(before, 'latin1')]]),
        `${tree.id} ${file} ${guard.line}`,
      );
      const users = values.users ? { whoUses } : {};
      const source = { ...input, tree: base, units: [], reading: { ...reading, before: new Map() }, ...users };
      const review = reviewSeries({ series, arch, source });
      const found = review.guards.find((one) => one.line === guard.line);
      rows.guards++;
      const count = idioms.get(guard.idiom) ?? { guards: 0, honest: 0, lie: 0, open: 0 };
      count.guards++;
      if (found?.honest === true) count.honest++;
      else if (found?.honest === false) count.lie++;
      else count.open++;
      idioms.set(guard.idiom, count);
      verdicts.set(review.verdict, (verdicts.get(review.verdict) ?? 0) + 1);
      const place = `${file}:${guard.line} ${guard.idiom}`;
      if (found === undefined) {
        rows.lost++;
        console.log(`LOST ${place}`);
      }
      if (review.verdict === 'crc-break') rows.versions++;
      if (review.verdict === 'silent-break' && review.guards.every(({ honest }) => honest === true)) {
        rows.contradict++;
        console.log(`CONTRADICTS ${place}: silent-break, and the guard is called honest: ${found?.why}`);
      }
      if (found?.honest !== true || review.verdict === 'crc-break') {
        console.log(`${review.verdict} ${place}: ${found?.honest} ${found?.rule} ${found?.why}`);
        const worst = review.findings.filter(({ severity }) => severity !== 'info').slice(0, 2);
        for (const one of worst) console.log(`    ${one.rule} ${one.type}: ${one.text}`);
        for (const one of review.consumers
          .filter(({ place: its }) => its !== 'builtin' && its !== 'possible')
          .slice(0, 2))
          console.log(`    ${one.place} ${one.kind} ${one.type} ${one.member ?? ''} ${one.file}:${one.line}`);
        for (const one of review.missing.slice(0, 2)) console.log(`    not known: ${one.what}: ${one.why}`);
      }
    }
  }
console.log('\n| idiom | guards | honest | lie | not known |\n|---|---|---|---|---|');
for (const [idiom, { guards, honest, lie, open }] of [...idioms].sort((a, b) => b[1].guards - a[1].guards))
  console.log(`| ${idiom} | ${guards} | ${honest} | ${lie} | ${open} |`);
console.log('\n| guards | found | versions change | text before not known |\n|---|---|---|---|');
console.log(`| ${rows.guards} | ${rows.guards - rows.lost} | ${rows.versions} | ${rows.unknown} |`);
console.log('\n| verdict | guards |\n|---|---|');
for (const [verdict, count] of [...verdicts].sort((a, b) => b[1] - a[1])) console.log(`| ${verdict} | ${count} |`);
process.exitCode = rows.lost + rows.contradict === 0 ? 0 : 1;
