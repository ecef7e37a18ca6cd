/** The sum over the patches of a series: each type, member and function once, and what a later patch takes back not at all. */
import type { Export } from './declarations.js';
import type { Delta } from './deltas.js';
import type {
  DiffChanges,
  DirectiveDifference,
  ExportDifference,
  GuardDifference,
  Place,
  PrototypeDifference,
  TypeDifference,
  ViewOfType,
} from './differences.js';
import { ruleTarget } from './guard-text.js';

export class Sum {
  readonly unread: { file: string; why: string }[] = [];
  readonly directives: DirectiveDifference[] = [];
  readonly guards: GuardDifference[] = [];
  readonly #types = new Map<string, TypeDifference>();
  readonly #prototypes = new Map<string, PrototypeDifference>();
  readonly #exports = new Map<string, ExportDifference>();

  addType(next: TypeDifference): void {
    const key = `${next.kind} ${next.name ?? `${next.file}:${next.line}`} ${next.existence === 'both' ? next.file : ''}`;
    const opposite = next.existence === 'added' ? 'removed' : next.existence === 'removed' ? 'added' : null;
    const elsewhere =
      opposite === null
        ? undefined
        : [...this.#types].find(([, one]) => one.existence === opposite && sameType(one, next));
    if (elsewhere !== undefined) {
      // Moved from one header to another: what differs is what differs between the two bodies.
      this.#types.delete(elsewhere[0]);
      return;
    }
    const first = this.#types.get(key);
    if (first === undefined) this.#types.set(key, next);
    else
      this.#types.set(key, {
        ...next,
        patch: first.patch,
        compiler: both(first.compiler, next.compiler),
        genksyms: both(first.genksyms, next.genksyms),
      });
  }

  addPrototype(next: PrototypeDifference): void {
    const name = (next.after ?? next.before)?.name as string;
    const key = `${next.role === 'source' ? 'source' : 'header'} ${name}`;
    const first = this.#prototypes.get(key);
    if (first === undefined) this.#prototypes.set(key, next);
    else {
      const before = first.before ?? (first.after === null ? next.before : null);
      const after = next.after ?? (next.before === null ? first.after : null);
      this.#prototypes.set(key, {
        ...next,
        before,
        after,
        patch: first.patch,
        genksymsSame: first.genksymsSame && next.genksymsSame,
      });
    }
  }

  addExports(before: readonly Export[], after: readonly Export[], place: Place): void {
    const names = new Set([...before, ...after].map((one) => one.name));
    for (const name of names) {
      const was = before.find((one) => one.name === name) ?? null;
      const is = after.find((one) => one.name === name) ?? null;
      const first = this.#exports.get(name);
      if (first === undefined)
        this.#exports.set(name, { before: was, after: is, file: place.file, patch: place.patch });
      else this.#exports.set(name, { ...first, before: first.before ?? was, after: is ?? first.after });
    }
  }

  result(): DiffChanges {
    const ruled = new Set(this.guards.map(ruleTarget));
    const types = [...this.#types.values()].filter(
      (one) =>
        one.compiler.differs ||
        one.genksyms.differs ||
        one.attributes !== null ||
        one.compiler.reconditioned.length > 0,
    );
    return {
      types: types.map((one) => ({ ...one, isRuled: one.name !== null && ruled.has(one.name) })),
      prototypes: [...this.#prototypes.values()].filter(
        (one) => one.before?.text !== one.after?.text || one.before?.body !== one.after?.body,
      ),
      exports: [...this.#exports.values()],
      directives: this.directives,
      guards: this.guards,
      unread: this.unread,
    };
  }
}

function sameType(one: TypeDifference, other: TypeDifference): boolean {
  if (one.kind !== other.kind || one.name !== other.name || one.name === null || one.name === '') return false;
  const members = (type: TypeDifference): string =>
    type.compiler.deltas.map((delta) => (delta.after ?? delta.before)?.text).join(';');
  return members(one) === members(other);
}

/** Two steps as one: what the second takes back is gone. */
function both(first: ViewOfType, second: ViewOfType): ViewOfType {
  const deltas = [...first.deltas];
  for (const delta of second.deltas) {
    const at = deltas.findIndex((one) => one.after !== null && one.after.name === (delta.before ?? delta.after)?.name);
    const was = deltas[at];
    if (was === undefined) deltas.push(delta);
    else {
      deltas.splice(at, 1);
      const net = netOf(was, delta);
      if (net !== null) deltas.push(net);
    }
  }
  const reconditioned = [...new Set([...first.reconditioned, ...second.reconditioned])];
  // A change of spelling alone has no delta that a later one could take back.
  const respelled = [first, second].some((one) => one.differs && one.deltas.length === 0);
  return { deltas, differs: deltas.length > 0 || respelled, reconditioned };
}

function netOf(first: Delta, second: Delta): Delta | null {
  const { before } = first;
  const { after } = second;
  if (before === null && after === null) return null;
  if (before === null) return { ...second, change: 'added', before: null };
  if (after === null) return { ...second, change: 'removed', before };
  if (before.name !== after.name) return { ...second, change: 'renamed', before };
  if (before.type !== after.type || before.width !== after.width) return { ...second, change: 'retyped', before };
  return first.change === 'moved' || second.change === 'moved' ? { ...second, change: 'moved', before } : null;
}
