import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { errorTable } from '../src/errors.js';

test('docs/errors.md and the error table say the same, both ways', () => {
  const rows = readFileSync('docs/errors.md', 'utf8')
    .split('\n')
    .filter((line) => /^\| [a-z-]+ \| \d/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const documented = Object.fromEntries(rows.map(([, code, exit, text]) => [code, { exit: Number(exit), text }]));
  const table = Object.fromEntries(Object.entries(errorTable).map(([code, { exit, text }]) => [code, { exit, text }]));
  expect(documented).toEqual(table);
});

test('docs/dependencies.md has a row for each dependency, and no other', () => {
  const { dependencies, optionalDependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  const documented = readFileSync('docs/dependencies.md', 'utf8')
    .split('\n')
    .filter((line) => /^\| [@a-z]/.test(line))
    .flatMap((line) => (line.split('|')[1] as string).split(',').map((name) => name.trim()))
    .filter((name) => !['package', 'optional', 'development', '@types/…'].includes(name));
  const declared = Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies });
  expect(documented.sort()).toEqual(declared.filter((name) => !name.startsWith('@types/')).sort());
});
