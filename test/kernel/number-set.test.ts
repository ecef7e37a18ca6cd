/** Sets of numbers as a reference keeps them. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { packNumbers, unpackAmong, unpackNumbers } from '../../src/kernel/number-set.js';

const sorted = (max: number, maxLength: number) =>
  fc.uniqueArray(fc.nat(max), { maxLength }).map((numbers) => numbers.sort((a, b) => a - b));
/** Sparse ones and dense ones. */
const numbers = fc.oneof(sorted(20_000, 60), sorted(300, 280));

test('what is packed is unpacked, in whole and among some few', () => {
  fc.assert(
    fc.property(numbers, numbers, (all, few) => {
      const packed = packNumbers(all);
      expect(unpackNumbers(packed)).toEqual(all);
      expect(unpackAmong(packed, few)).toEqual(few.filter((one) => all.includes(one)));
    }),
    { numRuns: 1000 },
  );
});
