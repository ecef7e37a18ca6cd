/**
 * Messages -> the trees that they are for a reader: each hangs below the nearest message that it answers and that is here. Comes in: a
 * set; the order in which it came says nothing. Goes out: roots and children by date. Never happens: a loop, whatever References say.
 */
import type { Message } from './message.js';

export interface ThreadNode {
  readonly message: Message;
  readonly children: readonly ThreadNode[];
}

/** One message an id, oldest first; of two with the same id the same one wins in any order. */
export function uniqueMessages(messages: Iterable<Message>): Message[] {
  const byId = new Map<string, Message>();
  for (const message of messages) {
    const other = byId.get(message.id);
    if (other === undefined || precedes(message, other)) byId.set(message.id, message);
  }
  return [...byId.values()].sort(byDate);
}

export function byDate(one: Message, other: Message): number {
  return one.date - other.date || one.tags.n - other.tags.n || (one.id < other.id ? -1 : one.id > other.id ? 1 : 0);
}

/** A copy that carries the patch wins over one that lost it on its way; then the older; then whatever differs. */
function precedes(one: Message, other: Message): boolean {
  const [files, others] = [one.patch.files.length, other.patch.files.length];
  if (files !== others) return files > others;
  if (one.date !== other.date) return one.date < other.date;
  return orderKey(one) < orderKey(other);
}

function orderKey(message: Message): string {
  return `${message.tags.subject}\n${message.sender.address}\n${message.ancestors.join(' ')}\n${message.prose}`;
}

/** The message above each; a parent that would close a loop is no parent. */
export function parentsOf(messages: readonly Message[]): Map<string, string> {
  const here = new Set(messages.map(({ id }) => id));
  const parents = new Map<string, string>();
  const roots = new Roots();
  for (const message of messages) {
    const parent = message.ancestors.find((id) => here.has(id));
    if (parent === undefined || roots.of(parent) === message.id) continue;
    parents.set(message.id, parent);
    roots.put(message.id, parent);
  }
  return parents;
}

/** The root of the tree that each id is in, in next to no time however deep the tree: ways up are shortened as they are gone. */
class Roots {
  readonly #up = new Map<string, string>();

  put(id: string, parent: string): void {
    this.#up.set(id, parent);
  }

  of(id: string): string {
    let root = id;
    for (let up = this.#up.get(root); up !== undefined; up = this.#up.get(root)) root = up;
    for (let at = id; at !== root; ) {
      const up = this.#up.get(at) as string;
      this.#up.set(at, root);
      at = up;
    }
    return root;
  }
}

/** Trees of a set without repeated ids, oldest root first. */
export function threadsOf(messages: readonly Message[]): ThreadNode[] {
  const parents = parentsOf(messages);
  // No recursion: somebody may send a thread as deep as a list is long.
  const nodes = new Map(messages.map((message) => [message.id, { message, children: [] as ThreadNode[] }]));
  const roots: ThreadNode[] = [];
  for (const node of nodes.values()) {
    const parent = nodes.get(parents.get(node.message.id) ?? '');
    (parent?.children ?? roots).push(node);
  }
  return roots;
}
