/**
 * The Review: the one value that everything upstream makes and everything downstream prints (schema `kabiwatch.review/1`).
 * Offsets and sizes are bytes unless the key says bits; CRCs are `0x` and eight hex digits; paths are relative to the tree.
 */
import { z } from 'zod';

export const verdicts = ['none', 'guarded', 'conditional', 'unknown', 'crc-break', 'silent-break'] as const;
export const evidenceLevels = ['diff', 'source', 'reference'] as const;
export const architectures = ['x86_64', 'i386', 'aarch64', 'arm', 'ppc64le', 'ppc64', 's390x', 'riscv64'] as const;

/** From harmless to worst: the verdict of a series is the worst of its parts. */
export const Verdict = z.enum(verdicts);
export const Evidence = z.enum(evidenceLevels);
export const Architecture = z.enum(architectures);

const MemberPlace = z.strictObject({
  bitOffset: z.number().int().nullable(),
  bitSize: z.number().int().nullable(),
  type: z.string(),
});

export const MemberChange = z.strictObject({
  name: z.string(),
  change: z.enum(['added', 'removed', 'moved', 'retyped', 'renamed']),
  before: MemberPlace.nullable(),
  after: MemberPlace.nullable(),
});

const Extent = z.strictObject({ size: z.number().int().nullable(), align: z.number().int().nullable() });

export const TypeChange = z.strictObject({
  kind: z.enum(['struct', 'union', 'enum', 'typedef']),
  name: z.string(),
  file: z.string(),
  line: z.number().int(),
  verdict: Verdict,
  before: Extent.nullable(),
  after: Extent.nullable(),
  embeddedIn: z.array(z.string()),
  members: z.array(MemberChange),
});

export const SymbolChange = z.strictObject({
  name: z.string(),
  module: z.string(),
  before: z.string().nullable(),
  after: z.string().nullable(),
  stable: z.boolean(),
  cause: z.number().int(),
  because: z.array(z.string()),
});

export const Cause = z.strictObject({
  text: z.string(),
  file: z.string(),
  line: z.number().int(),
  patch: z.number().int(),
  cosmetic: z.boolean(),
  count: z.number().int(),
});

export const Guard = z.strictObject({
  file: z.string(),
  line: z.number().int(),
  idiom: z.string(),
  hides: z.array(z.string()),
  honest: z.boolean().nullable(),
  rule: z.string(),
  why: z.string(),
});

export const Consumer = z.strictObject({
  type: z.string(),
  member: z.string().nullable(),
  kind: z.enum(['access', 'sizeof', 'define', 'embed']),
  place: z.enum(['builtin', 'module', 'inline', 'possible']),
  file: z.string(),
  line: z.number().int(),
  function: z.string().nullable(),
});

export const Finding = z.strictObject({
  rule: z.string(),
  severity: z.enum(['info', 'warning', 'error']),
  type: z.string().nullable(),
  symbol: z.string().nullable(),
  file: z.string(),
  line: z.number().int(),
  patch: z.number().int(),
  text: z.string(),
  evidence: Evidence,
  verified: z.boolean(),
});

export const Missing = z.strictObject({ what: z.string(), why: z.string() });

export const Review = z.strictObject({
  schema: z.literal('kabiwatch.review/1'),
  series: z.strictObject({
    subject: z.string(),
    version: z.number().int(),
    rfc: z.boolean(),
    messageId: z.string().nullable(),
    patches: z.array(
      z.strictObject({
        n: z.number().int(),
        total: z.number().int(),
        messageId: z.string().nullable(),
        subject: z.string(),
        files: z.array(z.string()),
      }),
    ),
  }),
  target: z.strictObject({
    tree: z.string().nullable(),
    base: z.string().nullable(),
    arch: Architecture,
    reference: z.string().nullable(),
    crcMode: z.enum(['genksyms', 'gendwarfksyms', 'none']).nullable(),
  }),
  evidence: Evidence,
  verdict: Verdict,
  types: z.array(TypeChange),
  symbols: z.strictObject({
    exported: z.number().int(),
    changed: z.array(SymbolChange),
    causes: z.array(Cause),
    added: z.array(z.string()),
    removed: z.array(z.string()),
  }),
  guards: z.array(Guard),
  consumers: z.array(Consumer),
  findings: z.array(Finding),
  fixes: z.array(z.strictObject({ title: z.string(), verdict: Verdict, diff: z.string() })),
  missing: z.array(Missing),
});

export type Verdict = z.infer<typeof Verdict>;
export type Evidence = z.infer<typeof Evidence>;
export type Architecture = z.infer<typeof Architecture>;
export type MemberChange = z.infer<typeof MemberChange>;
export type TypeChange = z.infer<typeof TypeChange>;
export type SymbolChange = z.infer<typeof SymbolChange>;
export type Cause = z.infer<typeof Cause>;
export type Guard = z.infer<typeof Guard>;
export type Consumer = z.infer<typeof Consumer>;
export type Finding = z.infer<typeof Finding>;
export type Missing = z.infer<typeof Missing>;
export type Review = z.infer<typeof Review>;
