/**
 * What the hunks of a series change in declarations, in two views: the mail's own ChangeSet. Comes in: patches in order. Goes
 * out: the sum of their changes, each type and member once; what a later patch takes back is not there any more, and the
 * patch that a change came with is remembered.
 */

import type { FilePatch, Series } from '../../patch/series.js';
import { mayMatter, pathOf, roleOf } from '../series/triage.js';
import { directiveDifferences, prototypeDifferences, type Side, typeDifferences } from './compare-sides.js';
import { type Declarations, declarationsOf } from './declarations.js';
import type { DiffChanges } from './differences.js';
import { fragmentAfter, fragmentBefore } from './fragment.js';
import { guardsIn } from './guard-text.js';
import { Sum } from './sum.js';
import { type FragmentView, type Frame, viewOf } from './view.js';

/** More lines than any reviewed header has; beyond them a file is not read. */
const LINES_READ = 60_000;

export function changesOf(series: Series): DiffChanges {
  const sum = new Sum();
  let lines = 0;
  for (const patch of series.patches) {
    for (const file of patch.files.filter(mayMatter)) {
      if (file.binary) continue;
      const size = file.hunks.reduce((total, hunk) => total + hunk.lines.length, 0);
      lines += size;
      if (size > LINES_READ || lines > 5 * LINES_READ)
        sum.unread.push({ file: pathOf(file), why: `${size} lines of hunks` });
      else addFile(sum, file, patch.n);
    }
  }
  return sum.result();
}

function addFile(sum: Sum, file: FilePatch, patch: number): void {
  const path = pathOf(file);
  const role = roleOf(path);
  const before = readSide(file, 'before');
  const after = readSide(file, 'after');
  const place = { file: path, role, patch };
  if (role !== 'source') for (const one of typeDifferences(before, after, place)) sum.addType(one);
  for (const one of prototypeDifferences(before, after, place)) sum.addPrototype(one);
  sum.addExports(before.compiler.exports, after.compiler.exports, place);
  sum.directives.push(...directiveDifferences(before, after, place));
  sum.guards.push(...guardsIn(file.hunks.map(fragmentAfter)).map((guard) => ({ ...guard, ...place })));
}

function readSide(file: FilePatch, side: 'before' | 'after'): Side {
  const views = { compiler: [] as FragmentView[], genksyms: [] as FragmentView[] };
  const read = { compiler: empty(), genksyms: empty() };
  for (const view of ['compiler', 'genksyms'] as const) {
    let open: readonly Frame[] = [];
    for (const hunk of file.hunks) {
      const fragment = side === 'before' ? fragmentBefore(hunk) : fragmentAfter(hunk);
      const seen = viewOf(fragment, view, open);
      open = seen.open;
      views[view].push(seen);
      read[view] = joined(read[view], declarationsOf(seen.tokens, fragment.heading));
    }
  }
  return { ...read, views };
}

function empty(): Declarations {
  return { scopes: [], prototypes: [], exports: [] };
}

/** Two hunks that show parts of one type show one type. */
function joined(left: Declarations, right: Declarations): Declarations {
  const scopes = [...left.scopes];
  for (const scope of right.scopes) {
    const at = scopes.findIndex(
      (one) => one.name !== null && one.name !== '' && one.kind === scope.kind && one.name === scope.name,
    );
    const first = scopes[at];
    if (first === undefined || scope.begins) scopes.push(scope);
    else {
      const members = [...first.members, ...scope.members];
      scopes[at] = { ...first, members, ends: scope.ends, lastLine: scope.lastLine, attributes: scope.attributes };
    }
  }
  return {
    scopes,
    prototypes: [...left.prototypes, ...right.prototypes],
    exports: [...left.exports, ...right.exports],
  };
}
