/** `kabiwatch compare REF REF`: what one release does to modules that were built for another. */
import type { Command } from 'commander';
import { openNamedReference } from '../disk/references/references.js';
import { readPolicyFile } from '../disk/trees/kernel-files.js';
import { KabiwatchError } from '../errors.js';
import { type Comparison, compareReferences } from '../kabi/reference/compare-references.js';
import { type PolicyList, readPolicyList } from '../kernel/lists.js';
import type { Reference } from '../kernel/reference.js';
import { comparisonJson, comparisonText } from '../report/comparison.js';

interface CompareOptions {
  readonly json?: boolean;
  readonly format: 'text' | 'json';
  readonly list?: readonly string[];
  readonly promised?: boolean;
}

const examples = `
Examples:
  kabiwatch compare sles-6.4.0-150600 sles-6.4.0-150700 --list kabi/severities
  kabiwatch compare old.kabiref new.kabiref --promised --json

Exit code: 0, or 1 where a symbol that a list promises changed or is gone; 2 bad usage or unreadable input.`;

export function addCompare(program: Command): void {
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  program
    .command('compare <before> <after>')
    .description('the kABI report between two references')
    .option(
      '--list <file>',
      'a symbol list or severities; without it, those that the first reference holds (repeatable)',
      collect,
    )
    .option('--promised', 'only symbols that a list promises')
    .option('--format <name>', 'text or json', 'text')
    .option('--json', 'short for --format json')
    .addHelpText('after', examples)
    .action(compare);
}

function compare(beforeName: string, afterName: string, options: CompareOptions): void {
  const before = openNamedReference(beforeName);
  const after = openNamedReference(afterName);
  if (before.meta.arch !== after.meta.arch)
    throw new KabiwatchError('reference-mismatch', {
      architecture: `${before.meta.name} is for ${before.meta.arch}, ${after.meta.name} for ${after.meta.arch}`,
    });
  const lists = options.list === undefined ? ownLists(before) : options.list.map((file) => readPolicyFile(file).list);
  if (options.promised === true && lists.length === 0)
    throw new KabiwatchError('usage', {
      option: '--promised',
      why: 'no list is given, and the first reference holds none',
    });
  const comparison = filtered(compareReferences(before, after, lists), options);
  const isJson = options.json === true || options.format === 'json';
  process.stdout.write(isJson ? comparisonJson(comparison) : comparisonText(comparison));
  const isBroken = comparison.symbols.some(({ promised, changes }) => promised && !changes.includes('added'));
  if (isBroken) process.exitCode = 1;
}

function ownLists(reference: Reference): readonly PolicyList[] {
  return Array.from(reference.rows('files'))
    .filter(([key]) => key.startsWith('list/'))
    .map(([key, text]) => readPolicyList(key.slice('list/'.length), text).list);
}

function filtered(comparison: Comparison, { promised }: CompareOptions): Comparison {
  if (promised !== true) return comparison;
  return { ...comparison, symbols: comparison.symbols.filter((symbol) => symbol.promised) };
}
