/**
 * What a mail alone lets one say of one changed type: what happened to each member, whether genksyms sees it, and what a
 * tree would be needed for. No offset is ever guessed: a verdict that needs one is `unknown`.
 */

import type { Architecture, Finding, TypeChange, Verdict } from '../review.js';
import { type RuleId, ruleTable } from '../rules/ids.js';
import { saysHowMany } from '../units/counters.js';
import { type CompilerView, type GenksymsView, verdictOf } from '../verdict.js';
import { architectureOf, basicExtent } from './basic-types.js';
import type { Delta } from './deltas.js';
import type { TypeDifference } from './differences.js';
import { isReservedName } from './idioms.js';
import type { Declared } from './members.js';

export interface TypeJudgement {
  readonly type: TypeChange;
  readonly findings: readonly Finding[];
  readonly genksyms: GenksymsView;
  readonly compiler: CompilerView;
  readonly verdict: Verdict;
  /** Where its closing brace is seen; null: it goes on beyond what is seen. */
  readonly lastLine: number | null;
  /** Members that the compiler keeps as they were, and that genksyms no longer sees or sees otherwise. */
  readonly withdrawn: readonly string[];
  /** genksyms sees members that it did not see. */
  readonly shownAnew: boolean;
}

export function judgeType(difference: TypeDifference, asked: Architecture): TypeJudgement {
  const arch = architectureOf(difference.file, asked);
  const genksyms = genksymsView(difference);
  const slots = slotUses(difference, arch);
  const compiler = compilerView(difference, arch, slots);
  const verdict = difference.existence === 'added' ? 'none' : verdictOf(genksyms, compiler);
  const findings = difference.existence === 'both' ? findingsOf(difference, arch, genksyms, slots) : [];
  return {
    type: typeChange(difference, verdict),
    findings,
    genksyms,
    compiler,
    verdict,
    lastLine: difference.ends ? difference.lastLine : null,
    withdrawn: withdrawnFrom(difference),
    shownAnew: difference.genksyms.deltas.some(({ change }) => change === 'added'),
  };
}

export function nameOfType(difference: TypeDifference): string {
  const { kind, name, typedef } = difference;
  if (name === null || name === '') return `an unnamed ${kind} in ${difference.file}`;
  return typedef ? `typedef ${name}` : `${kind} ${name}`;
}

function genksymsView(difference: TypeDifference): GenksymsView {
  if (difference.isRuled) return 'not computable';
  const hidden = difference.attributes !== null && difference.typedef;
  if (!difference.genksyms.differs && !hidden)
    return difference.genksyms.reconditioned.length > 0 ? 'not computable' : 'same';
  if (difference.existence === 'added') return 'same';
  return difference.role === 'public' && difference.existence === 'both' ? 'differs' : 'not computable';
}

function withdrawnFrom({ genksyms, compiler }: TypeDifference): string[] {
  const isOther = ({ change }: Delta): boolean => change !== 'added' && change !== 'moved';
  const changed = new Set(compiler.deltas.filter(isOther).map(({ before }) => before?.name));
  const others = genksyms.deltas
    .filter((delta) => isOther(delta) || (delta.change === 'moved' && !compiler.differs))
    .flatMap(({ before }) => before?.name ?? []);
  const sometimes = genksyms.reconditioned.filter((name) => !compiler.reconditioned.includes(name));
  return [...others, ...sometimes].filter((name) => !changed.has(name));
}

function compilerView(difference: TypeDifference, arch: Architecture, slots: SlotUses): CompilerView {
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

/** Members that left and those that came into their place; with each that came the name of what it replaces, null for a reserved slot. */
type SlotUses = ReadonlyMap<Delta, string | null>;

/** Members replaced in place by members of known size that fit: reserved ones, and others by a macro that checks the fit. */
function slotUses(difference: TypeDifference, arch: Architecture): SlotUses {
  const uses = new Map<Delta, string | null>();
  const { deltas } = difference.compiler;
  const isReserved = (delta: Delta): boolean => isReservedName(delta.before?.name ?? '');
  for (const gone of runsOf(deltas.filter((one) => one.change === 'removed'))) {
    const [first] = gone;
    const added = deltas.filter((delta) => delta.change === 'added' && !uses.has(delta));
    const came = runsOf(added).find(([one]) => one?.preceding?.name === first?.preceding?.name) ?? [];
    const room = extentOf(
      gone.map((one) => one.before),
      arch,
    );
    const needs = extentOf(
      came.map((one) => one.after),
      arch,
    );
    if (came.length === 0 || room === null || needs === null || needs.align > room.align) continue;
    const isSlot = gone.every(isReserved);
    const macro = isSlot ? /(^|_)USE(2|_P|2_P|_SPLIT)?$|(?<!BROKEN_)REPLACE/ : /(?<!BROKEN_)REPLACE(2|_SPLIT)?$/;
    const isChecked = came.every((one) => macro.test(one.after?.idiom ?? ''));
    if (!(isChecked && needs.size <= room.size) && !(isSlot && needs.size === room.size)) continue;
    for (const one of [...gone, ...came]) uses.set(one, isSlot ? null : (first?.before?.name ?? null));
  }
  for (const delta of deltas) if (delta.change === 'renamed' && isReserved(delta)) uses.set(delta, null);
  return uses;
}

/** Members that stand one behind the other. */
function runsOf(deltas: readonly Delta[]): Delta[][] {
  const runs: Delta[][] = [];
  for (const delta of deltas) {
    const last = runs.at(-1)?.at(-1);
    const name = (last?.after ?? last?.before)?.name;
    if (name !== undefined && delta.preceding?.name === name) runs.at(-1)?.push(delta);
    else runs.push([delta]);
  }
  return runs;
}

/** Of members one behind the other, from a place that suits the first: as a struct of them would be, its end not padded. */
function extentOf(members: readonly (Declared | null)[], arch: Architecture): { size: number; align: number } | null {
  let [size, align] = [0, 1];
  for (const member of members) {
    const extent = member === null || member.width !== null ? null : basicExtent(member.type, arch);
    if (extent === null) return null;
    size = Math.ceil(size / extent.align) * extent.align + extent.size;
    align = Math.max(align, extent.align);
  }
  return { size, align };
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
  slots: SlotUses,
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
  const unhidden = difference.isRuled ? 'a rule says what is hashed' : 'not guarded';
  const hidden = genksyms === 'same' ? 'hidden from genksyms' : unhidden;
  for (const delta of difference.compiler.deltas) {
    const member = (delta.after ?? delta.before) as Declared;
    const replaced = slots.get(delta);
    if (replaced !== undefined) {
      if (delta.after === null) continue;
      if (replaced === null)
        add('reserved-slot-used', member.line, `\`${member.name}\` takes a reserved slot; ${hidden}`);
      else add('member-retyped', member.line, `\`${written(member)}\` takes the place of \`${replaced}\`; ${hidden}`);
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
  const following = delta.following?.name ?? '';
  if (delta.change !== 'added') add('enum-value-changed', member.line, `enumerator \`${member.name}\` ${delta.change}`);
  else if (!shiftsValues(delta)) add('enum-value-added', member.line, `new enumerator \`${member.name}\``);
  else if (saysHowMany.test(following)) {
    const text = `new enumerator \`${member.name}\` before \`${following}\`: an array that is as long grows`;
    add('enum-value-added', member.line, text);
  } else {
    const text = `new enumerator \`${member.name}\` before \`${following}\`: the values from there on grow by one`;
    add('enum-value-changed', member.line, text);
  }
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
  const pointer = /^(.*\(\*)\) ?(\(.*)$/.exec(member.type);
  if (pointer !== null) return `${pointer[1]}${member.name})${pointer[2]?.replace(/\* (?=\w)/g, '*')}`;
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
