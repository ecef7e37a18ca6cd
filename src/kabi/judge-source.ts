/**
 * A ChangeSet -> what the review says: a verdict and findings for each type, enumeration, prototype and symbol. Offsets and
 * versions are facts here; who uses what moved comes from outside, and where nobody was asked the strict test decides.
 */
import { type ChangedEnum, type ChangedType, type ChangeSet, onlyCounts } from './changes.js';
import { incompatibilities, onlyNarrowed } from './compatible.js';
import { dumpKey, judgeSymbols } from './judge-symbols.js';
import type { Finding, Missing, Review, TypeChange, Verdict } from './review.js';
import { enumFindings, enumMembers } from './rules/enums.js';
import { type RuleId, ruleTable } from './rules/ids.js';
import { layoutFindings } from './rules/layout.js';
import type { ExportChange } from './series/export-changes.js';
import { roleOf } from './series/triage.js';
import { type LayoutChange, memberChanges } from './units/layout-change.js';
import { type CompilerView, type GenksymsView, verdictOf } from './verdict.js';

/**
 * Who touches what moved: `nobody` outside one link unit, the base kernel only, one module that allocates it too, or others; null where it is
 * not known.
 */
export type UseOf = (type: ChangedType) => 'nobody' | 'base only' | 'one module' | 'outside' | null;

export interface SourceJudgement {
  readonly types: readonly TypeChange[];
  readonly symbols: Review['symbols'];
  readonly findings: readonly Finding[];
  readonly verdicts: readonly Verdict[];
  readonly missing: readonly Missing[];
}

/** Where what changed stands, and which patch of the series changed it. */
export interface Origin {
  /** The patch that first changed what a dump's key names in a file; with null, the first that touches the file. */
  patchOf(file: string, key: string | null): number;
  /** Line of the declaration of what a dump's key names; 0 where it is not spelled. */
  declarationLine(file: string, key: string): number;
  /** The `#include` that the series adds and through which the unit may see the file; null where it adds none. */
  includeOf(unit: string, file: string): AddedInclude | null;
  /** In the file after the series; the type's own line where the member is not spelled. */
  lineOf(place: { readonly file: string; readonly line: number }, member: string): number;
}

export interface AddedInclude {
  readonly file: string;
  readonly line: number;
  readonly patch: number;
  /** `#include <linux/genalloc.h>` */
  readonly text: string;
}

export type AddFinding = (
  rule: RuleId,
  place: { readonly file: string; readonly line: number },
  text: string,
  of?: Partial<Finding>,
) => void;

export function judgeSource(
  changes: ChangeSet,
  useOf: UseOf,
  origin: Origin,
  hashes: boolean,
  exports: readonly ExportChange[],
): SourceJudgement {
  return new Judge(changes, useOf, origin, hashes).judge(exports);
}

class Judge {
  readonly #changes: ChangeSet;
  readonly #useOf: UseOf;
  readonly #origin: Origin;
  readonly #hashes: boolean;
  readonly #findings: Finding[] = [];
  readonly #verdicts: Verdict[] = [];
  readonly #missing: Missing[] = [];

  constructor(changes: ChangeSet, useOf: UseOf, origin: Origin, hashes: boolean) {
    this.#changes = changes;
    this.#useOf = useOf;
    this.#origin = origin;
    this.#hashes = hashes;
  }

  judge(exports: readonly ExportChange[]): SourceJudgement {
    const types = this.#changes.types.filter((one) => one.change !== null).map((one) => this.#type(one));
    types.push(...this.#changes.enums.map((one) => this.#enum(one)));
    this.#prototypes();
    this.#callbacks();
    const add: AddFinding = (...told) => this.#add(...told);
    const { symbols, verdicts } = judgeSymbols(this.#changes, exports, this.#origin, add);
    this.#verdicts.push(...verdicts);
    return { types, symbols, findings: this.#findings, verdicts: this.#verdicts, missing: this.#missing };
  }

  #add(
    rule: RuleId,
    { file, line }: { readonly file: string; readonly line: number },
    text: string,
    of: Partial<Finding> = {},
  ): void {
    const { severity } = ruleTable[rule];
    const key = of.type == null ? (of.symbol ?? null) : dumpKey(of.type);
    const patch = this.#origin.patchOf(file, key);
    const evidence = 'source';
    this.#findings.push({
      rule,
      severity,
      type: null,
      symbol: null,
      file,
      line,
      patch,
      text,
      evidence,
      verified: false,
      ...of,
    });
  }

  /** What genksyms says of a type: its own text and that of all it reaches. */
  #hashed(name: string): GenksymsView {
    if (!this.#hashes) return 'not computable';
    const key = dumpKey(name);
    if (this.#changes.hashedThrough.has(key)) return 'differs';
    // Its text differs and no export that was read reaches it: whether a version moves, only the other units know.
    return this.#changes.hashedElsewhere.has(key) ? 'not computable' : 'same';
  }

  #type(type: ChangedType): TypeChange {
    const { change, place, name } = type;
    if (change === null) throw new Error(`${name} has no layouts to compare`);
    const reasons = incompatibilities(change);
    const genksyms = this.#hashed(name);
    // Who uses it decides only where nothing else does.
    const decided = genksyms === 'differs' || !this.#isInterface(type);
    const compiler = reasons.length === 0 ? 'compatible' : decided ? 'incompatible' : this.#incompatible(type, change);
    const verdict = this.#isInterface(type) ? verdictOf(genksyms, compiler) : 'none';
    this.#verdicts.push(verdict);
    const rules = layoutFindings(change);
    const quiet = verdict === 'none' || verdict === 'guarded';
    for (const told of rules) {
      const rule = this.#ruleOf(type, told.rule, told.member);
      const severity = quiet && ruleTable[rule].severity !== 'info' ? 'info' : ruleTable[rule].severity;
      const hidden = genksyms === 'same' && told.rule !== 'cacheline-moved' ? '; symbol versions do not show it' : '';
      const line = told.member === null ? place.line : this.#origin.lineOf(place, told.member);
      this.#add(rule, { ...place, line }, `${told.text}${hidden}`, { type: name, severity });
    }
    const [kind, tag] = name.split(' ') as ['struct' | 'union' | 'typedef', string];
    return {
      kind,
      name: tag,
      ...place,
      verdict,
      before: { size: change.before.size, align: change.before.align },
      after: { size: change.after.size, align: change.after.align },
      embeddedIn: [...type.embeddedIn],
      members: memberChanges(change),
    };
  }

  /** Refinements that need more than the one layout: packing, a resized array, a callback slot. */
  #ruleOf(type: ChangedType, rule: RuleId, member: string | null): RuleId {
    const { change } = type;
    if (change === null) return rule;
    const text = this.#changes.hashed.has(dumpKey(type.name));
    const own = change.added.length + change.removed.length + change.retyped.length === 0;
    if (own && !text && (rule === 'size-changed' || rule === 'align-changed') && this.#embedsNoChange(type))
      return 'attribute-hidden';
    if (rule === 'array-resized' && !text && member !== null && this.#resizedByEnum(type, member))
      return 'enum-array-bound';
    const added = change.added.find((row) => row.name === member);
    if (added?.kind === 'pointer' && /\(\*\)/.test(added.type) && rule !== 'reserved-slot-used' && isOps(type))
      return 'ops-slot-added';
    return rule;
  }

  #embedsNoChange(type: ChangedType): boolean {
    return !this.#changes.types.some((one) => one.embeddedIn.includes(type.name));
  }

  #resizedByEnum(type: ChangedType, member: string): boolean {
    const pair = type.change?.retyped.find((one) => one.after.name === member);
    const length = (text: string | undefined): bigint => BigInt(/\[(\d+)\]/.exec(text ?? '')?.[1] ?? -1);
    const before = length(pair?.before.type);
    const after = length(pair?.after.type);
    return this.#changes.enums.some((one) =>
      one.changed.some((value) => after - before === value.after - value.before),
    );
  }

  /** Defined in a source file: no other link unit can name it. */
  #isInterface(type: ChangedType): boolean {
    return roleOf(type.place.file) !== 'source' && roleOf(type.place.file) !== 'other';
  }

  #incompatible(type: ChangedType, change: LayoutChange): CompilerView {
    return onlyNarrowed(change) ? 'base only' : this.#use(type);
  }

  #use(type: ChangedType): CompilerView {
    const use = this.#useOf(type);
    if (use === 'nobody') return 'same';
    if (use === 'base only' || use === 'one module') return 'base only';
    if (use === 'outside') return 'incompatible';
    const reached = this.#changes.reached.has(dumpKey(type.name));
    const what = `who uses \`${type.name}\``;
    const why = reached
      ? 'its users were not looked for; were they all in the base kernel, the verdict would be conditional'
      : 'no export of the units that were read reaches it, and its users were not looked for';
    if (!this.#missing.some((one) => one.what === what)) this.#missing.push({ what, why });
    if (reached) return 'incompatible';
    return 'not computable';
  }

  #enum(one: ChangedEnum): TypeChange {
    const genksyms = this.#hashed(`enum ${one.name}`);
    const broken = !onlyCounts(one);
    const reached = this.#changes.reached.has(`e#${one.name}`);
    const compiler: CompilerView = !broken ? 'compatible' : reached ? 'incompatible' : 'not computable';
    const isPublic = roleOf(one.place.file) === 'public';
    const verdict = isPublic || reached ? verdictOf(genksyms, compiler) : 'none';
    this.#verdicts.push(verdict);
    if (verdict === 'unknown' && genksyms === 'same')
      this.#missing.push({
        what: `who uses the values of \`enum ${one.name}\``,
        why: 'no export of the units that were read reaches it, and its users were not looked for',
      });
    const type = one.name.startsWith('{') ? null : `enum ${one.name}`;
    for (const { rule, text } of enumFindings(one)) this.#add(rule, one.place, text, { type });
    const unsized = { size: null, align: null };
    const { name, place } = one;
    const members = enumMembers(one);
    return { kind: 'enum', name, ...place, verdict, before: unsized, after: unsized, embeddedIn: [], members };
  }

  /** Who passes such a callback, or calls one, was built for the old way; that its typedef's name stayed hides it. */
  #callbacks(): void {
    for (const { name, before, after, place } of this.#changes.callbacks) {
      const genksyms = this.#hashed(`typedef ${name}`);
      if (roleOf(place.file) !== 'public') continue;
      const hidden = genksyms === 'same' ? '; symbol versions do not show it' : '';
      const text = `\`${name}\` is called otherwise: ${before} becomes ${after}${hidden}`;
      this.#add('prototype-changed', place, text, { type: `typedef ${name}` });
      this.#verdicts.push(verdictOf(genksyms, 'incompatible'));
    }
  }

  #prototypes(): void {
    for (const one of this.#changes.prototypes) {
      const symbol = this.#changes.symbols.find((other) => other.name === one.name);
      const compiler = one.isCalledAlike ? 'compatible' : 'incompatible';
      const callers = one.isCalledAlike ? 'the same' : 'other arguments';
      const hidden = symbol === undefined ? `; its version does not show it: callers built before pass ${callers}` : '';
      this.#add('prototype-changed', one.place, `\`${one.before}\` becomes \`${one.after}\`${hidden}`, {
        symbol: one.name,
        ...(symbol === undefined && one.isCalledAlike ? { severity: 'info' } : {}),
      });
      this.#verdicts.push(verdictOf(symbol === undefined ? 'same' : 'differs', compiler));
    }
  }
}

/** Modules define it with static initialisers: most of its members are callbacks. */
function isOps(type: ChangedType): boolean {
  const rows = type.change?.before.rows ?? [];
  const callbacks = rows.filter((row) => /\(\*\)/.test(row.type)).length;
  return callbacks >= 2 && callbacks * 2 >= rows.length;
}
