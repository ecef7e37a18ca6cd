/** Who works on a pull request or a branch holds it for a while, and says again and again that it lives. */
import type { Clock } from '../service/ports.js';

/** It is in other hands: this round ends without a word. */
export class LeaseLost extends Error {}

interface Held<Due> {
  /** Prolongs; false when somebody else has it by now. */
  hold(due: Due, leaseMs: number): Promise<boolean>;
}

export async function stillHeld<Due extends { readonly repo: string }>(
  store: Held<Due>,
  due: Due,
  leaseMs: number,
): Promise<void> {
  if (!(await store.hold(due, leaseMs))) throw new LeaseLost(due.repo);
}

/** Prolongs the lease while `work` runs: a first clone or a review on a tree takes longer than it. */
export async function keptUp<Due, Result>(
  store: Held<Due>,
  due: Due,
  leaseMs: number,
  clock: Clock,
  work: () => Promise<Result>,
): Promise<Result> {
  const ended = new AbortController();
  const beat = async () => {
    while (!ended.signal.aborted) {
      await clock.sleep(leaseMs / 3, ended.signal);
      // A store that does not answer now may do so in time; whether it is ours still is asked before anything is written.
      if (!ended.signal.aborted) await store.hold(due, leaseMs).catch(() => false);
    }
  };
  const beating = beat();
  try {
    return await work();
  } finally {
    ended.abort();
    await beating;
  }
}
