/** Exports, prototypes, directives and guards of a mail, judged as far as a mail allows. */
import type { Finding, Guard, Missing, Verdict } from '../review.js';
import { type RuleId, ruleTable } from '../rules/ids.js';
import { macroName } from './compare-sides.js';
import type { Prototype } from './declarations.js';
import type { DiffChanges, GuardDifference, PrototypeDifference } from './differences.js';
import { plainPurpose, ruleTarget } from './guard-text.js';
import type { TypeJudgement } from './judge-type.js';

export interface Judged {
  readonly findings: Finding[];
  readonly verdicts: Verdict[];
  readonly missing: Missing[];
}

interface Place {
  readonly file: string;
  readonly line: number;
  readonly patch: number;
}

function finding(
  rule: RuleId,
  place: Place,
  symbol: string | null,
  text: string,
  severity?: Finding['severity'],
): Finding {
  const { file, line, patch } = place;
  const level = severity ?? ruleTable[rule].severity;
  return { rule, severity: level, type: null, symbol, file, line, patch, text, evidence: 'diff', verified: false };
}

export function judgeExports(changes: DiffChanges, out: Judged): void {
  for (const { before, after, file, patch } of changes.exports) {
    const one = after ?? before;
    if (one === null) continue;
    const place = { file, line: one.line, patch };
    const add = (rule: RuleId, text: string): number => out.findings.push(finding(rule, place, one.name, text));
    if (before === null) add('export-added', `\`${one.name}\` is exported${one.gpl ? ' (GPL only)' : ''}`);
    else if (after === null) {
      add('export-removed', `\`${one.name}\` is no longer exported: modules that use it do not load`);
      out.verdicts.push('crc-break');
    } else {
      if (before.gpl !== after.gpl)
        add('export-license-changed', `\`${one.name}\` is ${after.gpl ? 'now' : 'no longer'} GPL only`);
      if (before.namespace !== after.namespace) {
        add(
          'export-namespace-changed',
          `\`${one.name}\` moves from namespace ${before.namespace ?? '(none)'} to ${after.namespace ?? '(none)'}`,
        );
      }
    }
  }
}

export function judgePrototypes(changes: DiffChanges, out: Judged): void {
  const exported = new Set(changes.exports.filter((one) => one.after !== null).map((one) => one.after?.name));
  for (const one of changes.prototypes) {
    const { before, after } = one;
    if (before === null || after === null) continue;
    const place = { file: one.file, line: after.line, patch: one.patch };
    const same = callText(before) === callText(after);
    if (after.kind === 'inline') {
      if (one.role === 'public') {
        const what = same ? 'modules carry the old body' : 'its parameters change; modules carry the old one';
        out.findings.push(finding('inline-body-changed', place, after.name, `inline \`${after.name}\`: ${what}`));
      }
      continue;
    }
    const bare = (prototype: Prototype): string => callText(prototype).replace(/\b(const|volatile)\b\s*/g, '');
    if (!same && one.genksymsSame && bare(before) === bare(after)) {
      // A qualifier that genksyms does not see: callers pass what they passed.
      if (one.role !== 'private' && after.kind === 'function') out.verdicts.push('guarded');
      continue;
    }
    if (same || one.role === 'private' || (one.role === 'source' && !exported.has(after.name))) continue;
    judgePrototype(one, after, exported.has(after.name), place, out);
  }
}

function judgePrototype(
  one: PrototypeDifference,
  after: Prototype,
  exported: boolean,
  place: Place,
  out: Judged,
): void {
  const hidden = one.genksymsSame ? ', hidden from genksyms: callers built before pass other arguments' : '';
  const what = after.kind === 'typedef' ? 'typedef' : 'prototype of';
  out.findings.push(
    finding(
      after.kind === 'typedef' ? 'member-retyped' : 'prototype-changed',
      place,
      after.name,
      `${what} \`${after.name}\` changes${hidden}`,
      exported ? 'error' : 'warning',
    ),
  );
  if (after.kind === 'typedef') {
    out.verdicts.push(one.genksymsSame ? 'unknown' : 'crc-break');
    return;
  }
  if (exported) {
    out.verdicts.push(one.genksymsSame ? 'silent-break' : 'crc-break');
    return;
  }
  out.verdicts.push('unknown');
  out.missing.push({ what: `whether \`${after.name}\` is exported`, why: 'its EXPORT_SYMBOL is not in the mail' });
}

/** What genksyms and a caller see of a prototype: the types of the parameters, not their names. */
export function callText(prototype: Prototype): string {
  const text = prototype.text.replace(
    /\b(__init|__exit|__must_check|__cold|asmlinkage|noinline|register|restrict)\b/g,
    '',
  );
  if (prototype.kind === 'typedef' || prototype.kind === 'variable') return text;
  const open = text.indexOf(`${prototype.name} (`) + prototype.name.length + 1;
  const parameters = splitParameters(text.slice(open + 1, text.lastIndexOf(')')));
  return [text.slice(0, open), ...parameters.map(withoutName)].join(',').replace(/\s+/g, ' ').trim();
}

function splitParameters(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const char of text) {
    if (char === '(' || char === '[') depth++;
    if (char === ')' || char === ']') depth--;
    if (char === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += char;
  }
  return parts.map((part) => part.trim());
}

function withoutName(parameter: string): string {
  const words = /^(.*[\s*])([A-Za-z_]\w*)(\s*(?:\[.*\])?)$/.exec(parameter);
  if (words === null || /^(const\s+)?(struct|union|enum)\s+$/.test(words[1] as string)) return parameter;
  if (/^(int|char|long|short|unsigned|signed|bool|void)$/.test(words[2] as string)) return parameter;
  return `${words[1]}${words[3]}`.trim();
}

export function judgeDirectives(changes: DiffChanges, out: Judged): void {
  const includes = changes.directives.filter((one) => one.kind === 'include' && !one.guarded);
  if (includes.length > 0) {
    const [first] = includes;
    out.verdicts.push('unknown');
    out.missing.push({
      what: `whether \`#include ${first?.text.replace(/ /g, '')}\`${includes.length > 1 ? ` (and ${includes.length - 1} more)` : ''} makes an opaque type visible to an export`,
      why: 'an #include can change symbol versions where no declaration does; that needs the tree',
    });
  }
  for (const one of changes.directives) {
    if (one.kind === 'include' || one.role !== 'public') continue;
    const place = { file: one.file, line: one.line, patch: one.patch };
    const name = macroName(one.text);
    const call = / \(/.test(
      one.text.slice(one.text.indexOf(name) + name.length, one.text.indexOf(name) + name.length + 2),
    );
    if (one.kind === 'macro-body' || call) {
      const what = name === '' ? 'a macro that begins before the hunk' : `macro \`${name}\``;
      out.findings.push(
        finding('inline-body-changed', place, name === '' ? null : name, `${what} changes; modules carry the old text`),
      );
    } else if (one.change === 'changed' && /\d|\w+ \w+ \w/.test(one.text)) {
      out.verdicts.push('unknown');
      out.missing.push({
        what: `what depends on \`${name}\``,
        why: 'its value changes; a type may use it as an array length',
      });
    }
  }
}

/** Guards, each with what the judged type around it says of it. */
export function judgeGuards(guards: readonly GuardDifference[], types: readonly TypeJudgement[], out: Judged): Guard[] {
  const targets = new Set(guards.flatMap((guard) => ruleTarget(guard) ?? []));
  for (const name of targets) {
    if (types.some(({ type }) => type.name === name)) continue;
    out.verdicts.push('unknown');
    out.missing.push({
      what: `what was hashed of \`${name}\``,
      why: 'a rule says what is hashed, and the mail does not show the type',
    });
  }
  return guards.map((guard) => {
    const { file, line } = guard;
    // A rule stands behind the type that it names, or anywhere.
    const isOf = ({ type }: TypeJudgement): boolean => ruleTarget(guard) === null && type.file === file;
    const around = types
      .filter((one) => isOf(one) && one.type.line <= guard.lastLine && (one.lastLine ?? line) >= line)
      .sort((one, other) => other.type.line - one.type.line)[0];
    const said = sayGuard(guard, around);
    if (said.honest !== null || said.rule === 'guard-unbalanced') {
      const severity = guard.role === 'public' ? ruleTable[said.rule].severity : 'info';
      out.findings.push(finding(said.rule, guard, null, `${guard.idiom}: ${said.why}`, severity));
    }
    return {
      file,
      line,
      idiom: guard.idiom,
      hides: [...guard.hides],
      honest: said.honest,
      rule: said.rule,
      why: said.why,
    };
  });
}

/** Nobody defines the name, so both views see the same. */
export function misspelled(name: string): { honest: false; rule: 'guard-stale-branch'; why: string } {
  return {
    honest: false,
    rule: 'guard-stale-branch',
    why: `\`${name}\` is not \`__GENKSYMS__\`: genksyms sees what the compiler sees`,
  };
}

/** Names that these lines declare: `name;`, `name,`, `name[`, `name:`, `(*name)`, `name(`; enumerators too. */
export function declaredNames(lines: readonly string[]): string[] {
  const names = lines.flatMap((line) => line.match(/\b[A-Za-z_]\w*(?=\s*(?:[;,[:()]|$))/g) ?? []);
  // `KABI_EXTEND(int count)` declares count.
  return [...new Set(names)].filter((name) => !/^_?[A-Z0-9_]*KABI_[A-Z0-9_]+$/.test(name));
}

/**
 * A guard around members that genksyms saw before and that the compiler keeps: it mends what an earlier change did, or changes versions.
 * `shows`: genksyms is given other text in their place.
 */
export function withdrawing(
  names: readonly string[],
  shows: readonly string[] = [],
): { honest: null; rule: 'guard-stale-branch'; why: string } {
  const which = names.slice(0, 3).map((name) => `\`${name}\``);
  const them = names.length === 1 ? 'it' : 'them';
  const why =
    shows.length === 0
      ? `takes ${which.join(', ')} out of the versions: they change, unless no released kernel had ${them}`
      : `gives the versions other text in place of ${which.join(', ')}: they change, unless the released kernel had that text`;
  return { honest: null, rule: 'guard-stale-branch', why };
}

function sayGuard(
  guard: GuardDifference,
  around: TypeJudgement | undefined,
): { honest: boolean | null; rule: RuleId; why: string } {
  const needsTree = 'whether what it hides is harmless needs the tree';
  if (guard.misspelled !== null) return misspelled(guard.misspelled);
  const purpose = plainPurpose(guard);
  if (purpose !== null) return { rule: 'guard-honest', ...purpose };
  if (guard.open) return { honest: null, rule: 'guard-unbalanced', why: 'its #endif is not in the mail' };
  if (guard.idiom === 'guarded #include' && guard.role === 'source') {
    return {
      honest: null,
      rule: 'guard-honest',
      why: 'types that only the compiler sees defined; genksyms sees what it saw',
    };
  }
  if (around === undefined) return { honest: null, rule: 'guard-honest', why: needsTree };
  // What a macro shows in place of what it hides is not in its line.
  const isOpaque = !guard.idiom.startsWith('#') && around.shownAnew;
  const named = declaredNames([...guard.hides, ...guard.shows]);
  const isNamed = (name: string): boolean => named.includes(name.split('.').at(-1) as string);
  // Where the compiler sees no change at all, guards around parts of a declaration (`union {`) do what those around members do.
  const withdrawn = isOpaque ? [] : around.withdrawn.filter((name) => around.compiler === 'same' || isNamed(name));
  if (around.genksyms === 'differs' && withdrawn.length > 0) return withdrawing(withdrawn, guard.shows);
  if (around.genksyms === 'differs' && guard.isPartial)
    return { honest: null, rule: 'guard-stale-branch', why: 'in some configurations genksyms sees what it hides' };
  if (around.genksyms === 'differs') {
    return {
      honest: false,
      rule: 'guard-stale-branch',
      why: 'genksyms does not see the old declaration: the versions change all the same',
    };
  }
  if (around.genksyms === 'same' && around.compiler === 'compatible') {
    return { honest: true, rule: 'guard-honest', why: 'each old member keeps its place, its size and its kind' };
  }
  return { honest: null, rule: around.compiler === 'same' ? 'guard-useless' : 'guard-hides-break', why: needsTree };
}
