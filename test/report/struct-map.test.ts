import { expect, test } from '@jest/globals';
import { mapOfLayout, mapsOfChange, structMapSvg } from '../../src/report/struct-map.js';

const field = (name: string, bitOffset: number, bitSize: number, tone: 'same' | 'new' = 'same') => ({
  name,
  type: 'T',
  bitOffset,
  bitSize,
  tone,
});

function rects(svg: string, tone: string): [number, number, number][] {
  return [
    ...svg.matchAll(new RegExp(`<rect class="field ${tone}" x="([\\d.]+)" y="([\\d.]+)" width="([\\d.]+)"`, 'g')),
  ].map(([, x, y, width]) => [Number(x), Number(y), Number(width)]);
}

test('members are to scale, ten units a byte, and go on in the next cache line', () => {
  const svg = structMapSvg(
    { title: 's', size: 128, fields: [field('a', 0, 64), field('b', 448, 128, 'new')], between: 'holes' },
    'm',
  );
  expect(rects(svg, 'same')).toEqual([[52, 22, 80]]);
  expect(rects(svg, 'new')).toEqual([
    [612, 22, 80],
    [52, 54, 80],
  ]);
});

test('of a large struct only the cache lines with a change are drawn, and the others counted', () => {
  const svg = structMapSvg(
    { title: 's', size: 64_000, fields: [field('n', 512 * 500, 8, 'new')], between: 'unlisted' },
    'm',
  );
  expect(svg.match(/without a change/g)).toHaveLength(2);
  expect(svg).toContain('499 cache lines without a change');
  expect(svg.length).toBeLessThan(4000);
});

test('of a whole layout every line is drawn in which a member begins or ends; what one member fills is counted', () => {
  const fields = [field('a', 0, 64), field('long', 64, 512 * 40), field('z', 512 * 41, 64)];
  const svg = structMapSvg({ title: 's', size: 64 * 42, fields, between: 'holes' }, 'm');
  expect(rects(svg, 'same').map(([, y]) => y)).toEqual([22, 22, 86, 118]);
  expect(svg).toContain('39 cache lines more of long');
});

test('a changed member is as wide as its type says, and ends where the next begins', () => {
  const at = (bitOffset: number, type: string) => ({ bitOffset, bitSize: 0, type });
  const member = (name: string, bitOffset: number, type: string) => ({
    ...{ name, change: 'moved' as const, before: at(bitOffset, type), after: null },
  });
  const inner = { before: { size: 24, align: 8 }, after: null };
  const { before } = mapsOfChange(
    {
      ...{ kind: 'struct', name: 's', file: 'a.h', line: 1, verdict: 'crc-break', embeddedIn: [], after: null },
      before: { size: 256, align: 8 },
      members: [
        member('history', 0, 'long unsigned int[9]'),
        member('name', 576, 'char[16]'),
        member('flag', 704, 'short unsigned int'),
        member('inner', 768, 'struct inner'),
        member('other', 1024, 'struct other'),
        member('tail', 1056, 'void *[3]'),
      ],
    },
    new Set(),
    new Map([['struct inner', inner]]),
  );
  expect(before?.fields.map(({ name, bitSize }) => [name, bitSize])).toEqual([
    ['history', 576],
    ['name', 128],
    ['flag', 16],
    ['inner', 192],
    ['other', 32],
    ['tail', 192],
  ]);
});

test('a layout is opened through anonymous members; of a union the largest is drawn', () => {
  const member = (name: string | null, bitOffset: number, size: number, inner = null as never) => ({
    name,
    bitOffset,
    bitSize: 0,
    size,
    type: 'T',
    inner,
  });
  const union = {
    kind: 'union',
    name: null,
    typedef: false,
    size: 8,
    align: 8,
    members: [member('small', 0, 4), member('large', 0, 8)],
  } as const;
  const map = mapOfLayout({
    kind: 'struct',
    name: 's',
    typedef: false,
    size: 16,
    align: 8,
    members: [member('a', 0, 4), member(null, 64, 8, union as never)],
  });
  expect(map.fields.map(({ name, bitOffset, bitSize }) => [name, bitOffset, bitSize])).toEqual([
    ['a', 0, 32],
    ['large', 64, 64],
  ]);
});

test('words of others end neither attribute nor element', () => {
  const svg = structMapSvg(
    { title: '</title><script>', size: 8, fields: [field('"><img>', 0, 64, 'new')], between: 'holes' },
    'm',
  );
  expect(svg).not.toMatch(/<script|<img/);
});
