/** `kabiwatch thread FILE...`: how the messages were put together, as a tree for people and as JSON. */
import type { Command } from 'commander';
import { KabiwatchError } from '../errors.js';
import { type AssembledSeries, type Assembly, assemble, seriesOf } from '../mail/assemble.js';
import type { Message } from '../mail/message.js';
import { type ThreadNode, threadsOf, uniqueMessages } from '../mail/thread.js';
import type { Need, Patch, Series } from '../patch/series.js';
import { plain } from '../report/escape.js';
import { type Given, readGiven } from './mail-input.js';

const examples = `
Examples:
  kabiwatch thread thread.mbox              the tree, and the series in it
  kabiwatch thread --json ~/Maildir/kernel  a maildir; also an mbox, a mail, a diff, a public-inbox archive, - for standard input`;

interface ThreadOptions {
  readonly json?: boolean;
  readonly format: 'text' | 'json';
}

export function addThread(program: Command): void {
  program
    .command('thread')
    .description('show how messages make up threads and series')
    .argument(
      '<file...>',
      'mbox, maildir, mail, git format-patch file, diff, public-inbox archive; - for standard input',
    )
    .option('--format <name>', 'text or json', 'text')
    .option('--json', 'short for --format json')
    .addHelpText('after', examples)
    .action(showThread);
}

async function showThread(files: readonly string[], options: ThreadOptions): Promise<void> {
  const given = await readGiven(files);
  if (given.messages.length + given.diffs.length === 0)
    throw new KabiwatchError('file-unreadable', { path: files.join(', '), why: 'no mail and no diff in it' });
  const assembly = assemble(given.messages);
  const isJson = options.json === true || options.format === 'json';
  process.stdout.write(isJson ? threadJson(given, assembly) : threadText(given, assembly));
}

function threadJson({ diffs }: Given, assembly: Assembly): string {
  const rows = [...diffs.map(rowOfDiff), ...assembly.series.map(rowOf)];
  return `${JSON.stringify(rows, null, 2)}\n`;
}

/** DESIGN's row. */
function rowOf(series: AssembledSeries): object {
  const { head, cover, version, rfc, total, complete, patches, supersedes, dependsOn, comments } = series;
  return {
    subject: head.tags.subject,
    version,
    rfc,
    total,
    complete,
    cover: cover?.id ?? null,
    patches: patches.map(({ n, message }) => ({
      n,
      messageId: message.id,
      subject: message.tags.subject,
      files: filesOf(message.patch),
    })),
    supersedes,
    dependsOn,
    comments,
  };
}

function rowOfDiff({ subject, patches }: Series): object {
  return {
    subject,
    version: 1,
    rfc: false,
    total: 1,
    complete: true,
    cover: null,
    patches: patches.map((patch) => ({ n: 1, messageId: null, subject, files: filesOf(patch) })),
    supersedes: null,
    dependsOn: [],
    comments: [],
  };
}

function filesOf({ files }: Pick<Patch, 'files'>): string[] {
  return [...new Set(files.map(({ before, after }) => after ?? before ?? ''))];
}

function threadText({ messages, diffs }: Given, assembly: Assembly): string {
  const roles = rolesOf(assembly);
  const trees = threadsOf(uniqueMessages(messages)).map((node) => treeLines(node, '', roles).join('\n'));
  const all = [
    ...diffs.map(({ subject, patches }) => `${subject}: a diff of ${patches[0]?.files.length} files`),
    ...assembly.series.map(summary),
    ...assembly.pulls.map(({ tags }) => `${tags.subject}: a pull request, not reviewed`),
  ];
  const count = `${messages.length} messages, ${assembly.series.length} series, ${assembly.others.length} others`;
  return `${[...trees, '', ...all.map(plain), '', count].join('\n')}\n`;
}

function rolesOf({ series }: Assembly): Map<string, string> {
  const roles = new Map<string, string>();
  for (const { cover, patches, kept } of series) {
    if (cover !== null) roles.set(cover.id, 'cover');
    for (const { n, message } of patches) if (!kept.includes(n)) roles.set(message.id, `patch ${n}`);
  }
  return roles;
}

function treeLines(root: ThreadNode, indent: string, roles: ReadonlyMap<string, string>): string[] {
  const lines: string[] = [];
  const open: { node: ThreadNode; indent: string }[] = [{ node: root, indent }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { message, children } = next.node;
    lines.push(next.indent + plain(lineOf(message, roles.get(message.id))));
    const deeper = `${next.indent}  `.slice(0, 60);
    for (const node of children.toReversed()) open.push({ node, indent: deeper });
  }
  return lines;
}

function lineOf(message: Message, role: string | undefined): string {
  const { tags, sender, patch, kind, automatic } = message;
  const said = role ?? (kind === 'pull' ? 'pull request' : automatic === null ? commentOf(message) : automatic);
  const damage = patch.damage.length === 0 || role === undefined ? '' : `, damaged: ${patch.damage[0]?.kind}`;
  const files = role?.startsWith('patch') ? `, ${patch.files.length} file${patch.files.length === 1 ? '' : 's'}` : '';
  return `${tags.subject || '(no subject)'}  [${said}${files}${damage}] ${sender.name || sender.address}`;
}

/** `comment, Reviewed-by, Tested-by` */
function commentOf({ trailers }: Message): string {
  const given = trailers.followUps.flatMap((line) => /^[\w-]+-by(?=:)/i.exec(line)?.[0] ?? []);
  return ['comment', ...new Set(given)].join(', ');
}

function summary(series: AssembledSeries): string {
  const { head, version, rfc, total, complete, patches, kept, supersedes, comments } = series;
  const { base, changeId, needs = [] } = seriesOf(series);
  const needed = [...new Set(needs.map(nameOfNeed))];
  const facts = [
    `v${version}${rfc ? ', RFC' : ''}`,
    `${patches.length} of ${total} patches${complete ? '' : ', incomplete'}`,
    ...(kept.length === 0 ? [] : [`${kept.join(', ')} kept from the version before`]),
    ...(supersedes === null ? [] : [`supersedes ${supersedes}`]),
    ...(needed.length === 0 ? [] : [`depends on ${needed.join(', ')}`]),
    ...(base === null ? [] : [`base ${base.slice(0, 12)}`]),
    ...(changeId == null ? [] : [`change ${changeId}`]),
    `${comments.length} comments`,
  ];
  return `${head.tags.subject}: ${facts.join('; ')}`;
}

function nameOfNeed(need: Need): string {
  switch (need.kind) {
    case 'message':
      return need.id;
    case 'patch':
      return `patch ${need.id.slice(0, 12)}`;
    case 'change':
      return `change ${need.id}${need.version === null ? '' : ` v${need.version}`}`;
    case 'other':
      return `"${need.text}"`;
  }
}
