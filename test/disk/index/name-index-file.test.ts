import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { openNameIndex, writeNameIndex } from '../../../src/disk/index/name-index-file.js';
import { NameIndexBuilder } from '../../../src/kernel/names.js';

const dir = mkdtempSync(join(tmpdir(), 'kabiwatch-names-'));
afterAll(() => rmSync(dir, { recursive: true }));

test('an index that an older version kept, without a relation that is asked for now, is passed over', () => {
  const path = join(dir, 'kept.names');
  writeNameIndex(path, { source: 's', family: 'f', layer: null }, new NameIndexBuilder().tables([], []), null);
  expect(openNameIndex(path, null)?.family).toBe('f');
  const kept = readFileSync(path, 'latin1');
  // The format was a number before it named the relations. Of the same length, since parts have their places by bytes.
  const older = kept
    .replace(/"format":"([^"]*)"/, (whole) => '"format":"kabiwatch.names/4"'.padEnd(whole.length))
    .replaceAll('"macroTag.', '"older_of.');
  writeFileSync(path, older, 'latin1');
  expect(openNameIndex(path, null)).toBeNull();
});
