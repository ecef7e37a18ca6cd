/**
 * A review from source held against what a released kernel shipped: where *before* equals the shipped size, offset or version, the
 * finding is verified; where it does not, the tree, its configuration or the engine is another than the reference's, and `missing` says so
 * with both numbers. No verdict changes here.
 */
import type { Layout, MemberLayout } from '../../c/layout.js';
import { isPromised, type PolicyList, readPolicyList } from '../../kernel/lists.js';
import { mismatches, type Reference, type ReferenceSymbol } from '../../kernel/reference.js';
import type { Finding, Missing, Review, SymbolChange, TypeChange } from '../review.js';
import { ruleTable } from '../rules/ids.js';

/** What the reference says of one fact of the review: `null` where it does not know it. */
type Agreement = { readonly agrees: true } | { readonly agrees: false; readonly why: string } | null;

export function againstReference(review: Review, reference: Reference): Review {
  const { name } = reference.meta;
  const target = { ...review.target, reference: name };
  const foreign = mismatches(reference.meta, { arch: target.arch, crcMode: target.crcMode });
  if (review.evidence === 'diff' || foreign.length > 0) {
    const why =
      foreign.length > 0 ? foreign.join('; ') : 'without the tree and its build there are no numbers to compare';
    return { ...review, missing: [...review.missing, { what: `reference ${name}`, why }] };
  }
  const missing: Missing[] = [];
  const verified = new Set<string>();
  const drift: Finding[] = [];
  const note = (what: string, agreement: Agreement): boolean => {
    if (agreement?.agrees === true) verified.add(what);
    else if (agreement !== null) missing.push({ what: `${what} in reference ${name}`, why: agreement.why });
    return agreement?.agrees === false;
  };
  for (const type of review.types) {
    const agreement = compareType(type, reference);
    if (note(`${type.kind} ${type.name}`, agreement)) drift.push(driftOf(type, agreement));
  }
  for (const symbol of review.symbols.changed) note(symbol.name, compareSymbol(symbol, reference));
  const lists = listsOf(reference);
  const keyOfType = new Map(review.types.map((type) => [type.name, `${type.kind} ${type.name}`]));
  return {
    ...review,
    target,
    evidence: 'reference',
    symbols: {
      ...review.symbols,
      changed: review.symbols.changed.map((symbol) => ({ ...symbol, ...shippedFacts(symbol, reference, lists) })),
    },
    findings: [...review.findings, ...drift].map((finding) => {
      const about = finding.symbol ?? (finding.type === null ? null : (keyOfType.get(finding.type) ?? finding.type));
      return about !== null && verified.has(about)
        ? { ...finding, evidence: 'reference' as const, verified: true }
        : finding;
    }),
    missing: [...review.missing, ...missing],
  };
}

/** The tree before the series is not what was shipped: that much of the difference is not the series' doing. */
function driftOf({ kind, name, file, line }: TypeChange, agreement: Agreement): Finding {
  const why = agreement?.agrees === false ? agreement.why : '';
  return {
    rule: 'config-drift',
    severity: ruleTable['config-drift'].severity,
    type: `${kind} ${name}`,
    symbol: null,
    file,
    line,
    patch: 0,
    text: `before the series, ${why}: another configuration or another tree, not this series`,
    evidence: 'reference',
    verified: false,
  };
}

/** Size and every member that the review gives a place before. Two types of one name: one that agrees is enough. */
function compareType(type: TypeChange, reference: Reference): Agreement {
  const { before } = type;
  if (before === null || before.size === null) return null;
  const shipped = reference.row('shipped', `${type.kind} ${type.name}`);
  if (shipped === null || shipped.length === 0) return null;
  const differences = shipped.map((layout) => differenceFrom(type, before.size as number, layout));
  const [first] = differences;
  return differences.includes(null) ? { agrees: true } : { agrees: false, why: first ?? '' };
}

function differenceFrom(type: TypeChange, size: number, layout: Layout): string | null {
  if (layout.size !== size) return `its size is ${layout.size} as shipped, ${size} in this tree`;
  const shipped = new Map(offsetsOf(layout.members, '', 0));
  for (const member of type.members) {
    const is = member.before?.bitOffset ?? null;
    const was = shipped.get(member.name);
    if (is === null || was === undefined || is === was) continue;
    return `${member.name} is at bit ${was} as shipped, at bit ${is} in this tree`;
  }
  return null;
}

/** By the names that C code uses: those of anonymous members as of their struct, those of named ones behind a dot, too. */
function* offsetsOf(members: readonly MemberLayout[], prefix: string, base: number): Generator<[string, number]> {
  for (const member of members) {
    const at = base + member.bitOffset;
    if (member.name !== null) yield [prefix + member.name, at];
    if (member.inner !== null)
      yield* offsetsOf(member.inner.members, member.name === null ? prefix : `${prefix}${member.name}.`, at);
  }
}

function compareSymbol(symbol: SymbolChange, reference: Reference): Agreement {
  const row = exportOf(symbol, reference);
  if (row === null || row.shipped === null || symbol.before === null) return null;
  const shipped = `0x${row.shipped.toString(16).padStart(8, '0')}`;
  return shipped === symbol.before
    ? { agrees: true }
    : { agrees: false, why: `its version is ${shipped} as shipped, ${symbol.before} in this tree` };
}

function exportOf(symbol: SymbolChange, reference: Reference): ReferenceSymbol | null {
  const rows = reference.row('symbols', symbol.name) ?? [];
  return rows.find(({ module }) => module === symbol.module) ?? rows[0] ?? null;
}

function shippedFacts(
  symbol: SymbolChange,
  reference: Reference,
  lists: readonly PolicyList[],
): Pick<SymbolChange, 'module' | 'stable'> {
  const row = exportOf(symbol, reference);
  if (row === null) return { module: symbol.module, stable: symbol.stable };
  const module = symbol.module === '' ? row.module : symbol.module;
  return { module, stable: symbol.stable || lists.some((list) => isPromised(list, row)) };
}

function listsOf(reference: Reference): PolicyList[] {
  return [...reference.rows('files')].flatMap(([key, text]) =>
    key.startsWith('list/') ? [readPolicyList(key.slice('list/'.length), text).list] : [],
  );
}
