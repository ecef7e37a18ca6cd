/** Random C declarations that gcc accepts: structs and unions of everything that moves a member. */
import fc from 'fast-check';

/** One struct or union as text; `T0`, `T1`, … are earlier ones of the same batch. */
export interface RandomRecord {
  readonly kind: 'struct' | 'union';
  readonly name: string;
  readonly text: string;
}

const scalars = [
  ...['char', 'signed char', 'unsigned char', '_Bool', 'short', 'unsigned short', 'int', 'unsigned', 'long'],
  ...['unsigned long', 'long long', 'unsigned long long', 'float', 'double', 'long double', 'void *'],
  ...['enum small', 'enum wide', 'enum tiny', 'raised_t', 'lowered_t', 'fours', 'low_long', 'high_long'],
] as const;
const bitTypes: readonly (readonly [string, number])[] = [
  ['unsigned char', 8],
  ['signed char', 8],
  ['_Bool', 1],
  ['unsigned short', 16],
  ['short', 16],
  ['int', 32],
  ['unsigned', 32],
  ['long long', 64],
  ['unsigned long long', 64],
  ['unsigned long', 32],
  ['enum small', 2],
  ['low_long', 64],
  ['high_long', 64],
];

/** What every batch begins with. */
export const prelude = `
enum small { small_a, small_b = 3 };
enum wide { wide_a = 0x123456789aLL, wide_b = -1 };
enum tiny { tiny_a = 200 } __attribute__((packed));
typedef int raised_t __attribute__((aligned(16)));
typedef int lowered_t __attribute__((aligned(2)));
typedef short fours[3];
typedef long long low_long __attribute__((aligned(1)));
typedef long long high_long __attribute__((aligned(16)));
`;

const attributes = fc.oneof(
  { weight: 8, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constant(' __attribute__((packed))') },
  { weight: 1, arbitrary: fc.constantFrom(1, 2, 4, 8, 16, 64).map((n) => ` __attribute__((aligned(${n})))`) },
  { weight: 1, arbitrary: fc.constant(' __attribute__((aligned))') },
  { weight: 1, arbitrary: fc.constantFrom(1, 2, 8).map((n) => ` __attribute__((packed, aligned(${n})))`) },
);

const plain = fc
  .tuple(fc.constantFrom(...scalars), fc.constantFrom('', '', '', '[1]', '[3]', '[2][2]', '[0]'), attributes)
  // gcc refuses arrays of a type whose alignment is more than its size.
  .map(([type, bounds, asked]) => (name: string) => {
    const fits = type !== 'raised_t' && type !== 'high_long';
    return `${type} ${name}${fits ? bounds : ''}${asked};`;
  });

const bitField = fc
  .tuple(
    fc.constantFrom(...bitTypes),
    fc.nat(1000),
    fc.constantFrom('named', 'named', 'named', 'unnamed', 'zero'),
    attributes,
  )
  .map(([[type, most], pick, sort, asked]) => (name: string) => {
    if (sort === 'zero') return `${type} : 0;`;
    const width = 1 + (pick % most);
    return sort === 'named' ? `${type} ${name} : ${width}${asked};` : `${type} : ${width};`;
  });

const earlier = fc.tuple(fc.nat(1_000_000), attributes).map(([pick, asked]) => (name: string, count: number) => {
  return count === 0 ? `int ${name}${asked};` : `T${pick % count} ${name}${asked};`;
});

type MakeMember = (name: string, count: number) => string;

const member: fc.Arbitrary<MakeMember> = fc.letrec<{ member: MakeMember }>((tie) => ({
  member: fc.oneof(
    { maxDepth: 3 },
    { weight: 5, arbitrary: plain as fc.Arbitrary<MakeMember> },
    { weight: 5, arbitrary: bitField as fc.Arbitrary<MakeMember> },
    { weight: 2, arbitrary: earlier as fc.Arbitrary<MakeMember> },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          fc.constantFrom('struct', 'union'),
          fc.array(tie('member'), { minLength: 0, maxLength: 4 }),
          attributes,
          attributes,
          fc.boolean(),
        )
        .map(([kind, members, onType, onMember, anonymous]) => (name: string, count: number) => {
          const inner = members.map((make, i) => make(`${name}_${i}`, count)).join(' ');
          return `${kind} { ${inner} }${onType} ${anonymous ? '' : name}${onMember};`;
        }),
    },
  ),
})).member;

/** A batch of this many declarations. */
export function randomRecords(count: number): fc.Arbitrary<readonly RandomRecord[]> {
  const one = fc.tuple(
    fc.constantFrom<'struct' | 'union'>('struct', 'struct', 'struct', 'union'),
    fc.array(member, { minLength: 0, maxLength: 7 }),
    attributes,
    fc.constantFrom(0, 0, 0, 0, 1, 2, 4, 8),
    fc.constantFrom('', '', '', 'int', 'T'),
  );
  return fc.array(one, { minLength: count, maxLength: count }).map((all) =>
    all.map(([kind, members, asked, pack, tail], n) => {
      const body = members.map((make, i) => make(`m${i}`, n));
      if (kind === 'struct' && tail === 'int' && members.length > 0) body.push('char first; int tail[];');
      const record = `${kind} R${n} { ${body.join(' ')} }${asked}; typedef ${kind} R${n} T${n};`;
      const text = pack === 0 ? record : `#pragma pack(push, ${pack})\n${record}\n#pragma pack(pop)`;
      return { kind, name: `R${n}`, text };
    }),
  );
}
