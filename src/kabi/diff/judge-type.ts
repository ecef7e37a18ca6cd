/**
 * What a mail alone lets one say of one changed type: what happened to each member, whether genksyms sees it, and what a
 * tree would be needed for. No offset is ever guessed: a verdict that needs one is `unknown`.
 */
import type { Architecture, Finding, TypeChange, Verdict } from '../review.js';
import { type RuleId, ruleTable } from '../rules/ids.js';
import { type CompilerView, type GenksymsView, verdictOf } from '../verdict.js';
import { architectureOf, basicExtent } from './basic-types.js';
import type { TypeDifference } from './changes.js';
import type { Delta } from './deltas.js';
import { isReservedName } from './idioms.js';
import type { Declared } from './members.js';

export interface TypeJudgement {
  readonly type: TypeChange;
  readonly findings: readonly Finding[];
  readonly genksyms: GenksymsView;
  readonly compiler: CompilerView;
  readonly verdict: Verdict;
}

export function judgeType(difference: TypeDifference, asked: Architecture): TypeJudgement {
  const arch = architectureOf(difference.file, asked);
  const genksyms = genksymsView(difference);
  const slots = slotUses(difference, arch);
  const compiler = compilerView(difference, arch, slots);
  const verdict = difference.existence === 'added' ? 'none' : verdictOf(genksyms, compiler);
  const findings = difference.existence === 'both' ? findingsOf(difference, arch, genksyms, slots) : [];
  return { type: typeChange(difference, verdict), findings, genksyms, compiler, verdict };
}

export function nameOfType(difference: TypeDifference): string {
  const { kind, name, typedef } = difference;
  if (name === null || name === '') return `an unnamed ${kind} in ${difference.file}`;
  return typedef ? `typedef ${name}` : `${kind} ${name}`;
}

function genksymsView(difference: TypeDifference): GenksymsView {
  const hidden = difference.attributes !== null && difference.typedef;
  if (!difference.genksyms.differs && !hidden)
    return difference.genksyms.reconditioned.length > 0 ? 'not computable' : 'same';
  if (difference.existence === 'added') return 'same';
  return difference.role === 'public' && difference.existence === 'both' ? 'differs' : 'not computable';
}

function compilerView(difference: TypeDifference, arch: Architecture, slots: ReadonlySet<Delta>): CompilerView {
  if (difference.attributes !== null) return 'not computable';
  if (difference.compiler.reconditioned.length > 0) return 'not computable';
  if (!difference.compiler.differs) return 'same';
  if (difference.existence !== 'both') return 'not computable';
  if (difference.kind === 'enum') return enumView(difference);
  const harmless = difference.compiler.deltas.every((delta) => slots.has(delta) || isHarmless(delta, arch));
  return harmless ? 'compatible' : 'not computable';
}

/** Appended enumerators, before no counter such as `NR_X` or `X_MAX`, change no value. */
function enumView(difference: TypeDifference): CompilerView {
  return difference.compiler.deltas.every((delta) => delta.change === 'added' && !shiftsValues(delta))
    ? 'compatible'
    : 'not computable';
}

function shiftsValues(delta: Delta): boolean {
  return delta.following !== null && delta.following.type === '' && delta.after?.type === '';
}

/** Same place, same size, same kind of type; a new name changes nothing. */
function isHarmless(delta: Delta, arch: Architecture): boolean {
  if (delta.change === 'renamed') return true;
  if (delta.change !== 'retyped' || delta.before === null || delta.after === null) return false;
  const was = basicExtent(delta.before.type, arch);
  const is = basicExtent(delta.after.type, arch);
  return (
    was !== null &&
    is !== null &&
    was.size === is.size &&
    was.kind === is.kind &&
    delta.before.width === delta.after.width
  );
}

/** A reserved member replaced in place by members of known size that fit: both halves of such a pair. */
function slotUses(difference: TypeDifference, arch: Architecture): ReadonlySet<Delta> {
  const uses = new Set<Delta>();
  const { deltas } = difference.compiler;
  const macro = /(^|_)USE2?$|_USE_SPLIT$|REPLACE/;
  for (const gone of deltas.filter((delta) => delta.change === 'removed' && isReservedName(delta.before?.name ?? ''))) {
    const came = deltas.filter(
      (delta) => delta.change === 'added' && !uses.has(delta) && delta.preceding?.name === gone.preceding?.name,
    );
    const size = basicExtent(gone.before?.type ?? '', arch);
    const [only, ...more] = came;
    if (only?.after == null || size === null || more.length > 0) continue;
    const needs = basicExtent(only.after.type, arch);
    const fits =
      needs !== null && (needs.size === size.size || (macro.test(only.after.idiom ?? '') && needs.size <= size.size));
    if (fits && needs.align <= size.align) uses.add(gone).add(only);
  }
  for (const delta of deltas) {
    if (delta.change === 'renamed' && isReservedName(delta.before?.name ?? '')) uses.add(delta);
  }
  return uses;
}

function typeChange(difference: TypeDifference, verdict: Verdict): TypeChange {
  const place = (member: Declared | null): TypeChange['members'][number]['before'] =>
    member === null
      ? null
      : { bitOffset: null, bitSize: member.width === null ? 0 : widthOf(member.width), type: member.type };
  const { kind, name, typedef, existence } = difference;
  const unmeasured = { size: null, align: null };
  return {
    kind: typedef ? 'typedef' : kind,
    name: name ?? '',
    file: difference.file,
    line: difference.line,
    verdict,
    before: existence === 'added' ? null : unmeasured,
    after: existence === 'removed' ? null : unmeasured,
    embeddedIn: [],
    members:
      existence !== 'both'
        ? []
        : difference.compiler.deltas.map((delta) => ({
            name: (delta.after ?? delta.before)?.name ?? '',
            change: delta.change,
            before: place(delta.before),
            after: place(delta.after),
          })),
  };
}

function widthOf(text: string): number | null {
  return /^\d+$/.test(text) ? Number(text) : null;
}

function findingsOf(
  difference: TypeDifference,
  arch: Architecture,
  genksyms: GenksymsView,
  slots: ReadonlySet<Delta>,
): Finding[] {
  const found: Finding[] = [];
  const add = (rule: RuleId, line: number, text: string): void => {
    found.push({
      rule,
      // Without offsets nothing is known to break; a header of one driver's own is hardly an interface at all.
      severity: difference.role !== 'public' ? 'info' : ruleTable[rule].severity === 'info' ? 'info' : 'warning',
      type: nameOfType(difference),
      symbol: null,
      file: difference.file,
      line,
      patch: difference.patch,
      text,
      evidence: 'diff',
      verified: false,
    });
  };
  const hidden = genksyms === 'same' ? 'hidden from genksyms' : 'not guarded';
  for (const delta of difference.compiler.deltas) {
    const member = (delta.after ?? delta.before) as Declared;
    if (slots.has(delta)) {
      if (delta.after !== null)
        add('reserved-slot-used', member.line, `\`${member.name}\` takes a reserved slot; ${hidden}`);
    } else if (difference.kind === 'enum') addEnumerator(delta, member, add);
    else addMember(difference, delta, member, arch, hidden, add);
  }
  if (difference.attributes !== null && !difference.typedef) {
    const { before, after } = difference.attributes;
    add(
      'attribute-hidden',
      difference.line,
      `attributes after the closing brace: \`${before}\` becomes \`${after}\`; genksyms does not see them`,
    );
  }
  return found;
}

type Add = (rule: RuleId, line: number, text: string) => void;

function addEnumerator(delta: Delta, member: Declared, add: Add): void {
  if (delta.change === 'added' && !shiftsValues(delta))
    add('enum-value-added', member.line, `new enumerator \`${member.name}\``);
  else if (delta.change === 'added') {
    add(
      'enum-value-changed',
      member.line,
      `new enumerator \`${member.name}\` before \`${delta.following?.name}\`: the values from there on grow by one`,
    );
  } else add('enum-value-changed', member.line, `enumerator \`${member.name}\` ${delta.change}`);
}

function addMember(
  difference: TypeDifference,
  delta: Delta,
  member: Declared,
  arch: Architecture,
  hidden: string,
  add: Add,
): void {
  const what = `\`${written(member)}\``;
  switch (delta.change) {
    case 'added': {
      const size = sizeText(member, arch);
      if (member.union) add('member-inserted', member.line, `${what} joins a union${size}; ${hidden}`);
      else if (member.width !== null) add('bitfield-changed', member.line, `new bit-field ${what}; ${hidden}`);
      else if (delta.following === null) {
        const where = difference.ends ? 'at the end' : 'after what is shown';
        add('member-added-at-end', member.line, `${what} is new ${where}${size}; ${hidden}`);
      } else add('member-inserted', member.line, `${what} is new before \`${delta.following.name}\`${size}; ${hidden}`);
      return;
    }
    case 'removed':
      add('member-removed', difference.line, `${what} is gone${sizeText(member, arch)}; ${hidden}`);
      return;
    case 'moved':
      add('member-moved', member.line, `${what} has another place among the members; ${hidden}`);
      return;
    case 'renamed':
      add('member-renamed', member.line, `\`${delta.before?.name}\` is now \`${member.name}\`; ${hidden}`);
      return;
    case 'retyped':
      add(retypeRule(delta), member.line, `\`${written(delta.before as Declared)}\` becomes ${what}; ${hidden}`);
  }
}

function retypeRule(delta: Delta): RuleId {
  if (delta.before?.width !== delta.after?.width) return 'bitfield-changed';
  const array = /^(.*)\[.*\]$/;
  const was = array.exec(delta.before?.type ?? '')?.[1];
  return was !== undefined && was === array.exec(delta.after?.type ?? '')?.[1] ? 'array-resized' : 'member-retyped';
}

function written(member: Declared): string {
  const width = member.width === null ? '' : `:${member.width}`;
  const pointer = /^(.*\(\*)(\)\(.*)$/.exec(member.type);
  if (pointer !== null) return `${pointer[1]}${member.name}${pointer[2]}`;
  const array = /^(.*?)((?:\[.*\])+)$/.exec(member.type);
  const [type, suffix] = array === null ? [member.type, ''] : [array[1] as string, array[2] as string];
  if (member.type === '' || /^[A-Z_]+\(/.test(member.name)) return member.name;
  return `${type}${type.endsWith('*') ? '' : ' '}${member.name}${suffix}${width}`;
}

/** `, 4 bytes on i386 (a pointer)`; nothing where the size cannot be told from the type's own words. */
function sizeText(member: Declared, arch: Architecture): string {
  if (member.width !== null) return '';
  const extent = basicExtent(member.type, arch);
  if (extent === null) return ', of a size that only a tree tells';
  const bytes = extent.size === 1 ? '1 byte' : `${extent.size} bytes`;
  return `, ${bytes} on ${arch}${extent.kind === 'pointer' && !member.type.includes('[') ? ' (a pointer)' : ''}`;
}
