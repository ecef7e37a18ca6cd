/**
 * Processes whose task takes longer than most: they rest while others are at work, and take turns of a tenth of the time, so that none waits for ever.
 * A process at rest is stopped (SIGSTOP). Unlike a low priority that can be taken back, by any user: what rested goes on as quick as before.
 */
import type { ChildProcess } from 'node:child_process';

const turnMs = 100;
/** Of so many turns one belongs to who rests. */
const turnsToOne = 10;
/** Others count as at work for so long after their last task: between two tasks a worker waits for the store. */
const afterMs = 300;

export interface Turns {
  add(process: ChildProcess): void;
  /** Goes on, whatever others do; returns for how many milliseconds it was stopped. */
  remove(process: ChildProcess): number;
  /** So far. */
  stoppedMs(process: ChildProcess): number;
}

interface Rest {
  since: number | null;
  beforeMs: number;
}

/** `busy`: are others at work? */
export function startTurns(busy: () => boolean): Turns {
  const resting = new Map<ChildProcess, Rest>();
  let timer: NodeJS.Timeout | null = null;
  let count = 0;
  let busyUntil = 0;

  function turn(): void {
    count++;
    const now = performance.now();
    if (busy()) busyUntil = now + afterMs;
    const all = [...resting.keys()];
    const next = count % turnsToOne === 0 ? all[(count / turnsToOne) % all.length] : undefined;
    for (const process of all) {
      if (now < busyUntil && process !== next) stop(process);
      else goOn(process);
    }
  }

  function stop(process: ChildProcess): void {
    const rest = resting.get(process);
    if (rest === undefined || rest.since !== null) return;
    process.kill('SIGSTOP');
    rest.since = performance.now();
  }

  function goOn(process: ChildProcess): void {
    const rest = resting.get(process);
    if (rest === undefined || rest.since === null) return;
    process.kill('SIGCONT');
    rest.beforeMs += performance.now() - rest.since;
    rest.since = null;
  }

  return {
    add(process) {
      if (!resting.has(process)) resting.set(process, { since: null, beforeMs: 0 });
      timer ??= setInterval(turn, turnMs).unref();
      if (busy()) stop(process);
    },
    remove(process) {
      goOn(process);
      const ms = resting.get(process)?.beforeMs ?? 0;
      resting.delete(process);
      if (resting.size === 0 && timer !== null) {
        clearInterval(timer);
        timer = null;
      }
      return ms;
    },
    stoppedMs(process) {
      const rest = resting.get(process);
      return rest === undefined ? 0 : rest.beforeMs + (rest.since === null ? 0 : performance.now() - rest.since);
    },
  };
}
