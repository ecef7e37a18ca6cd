/** What a process does again and again until it is stopped: a round that fails is tried again, and `/healthz` says why until it works. */
import { isDiskFull, type Store } from './database.js';
import type { Health } from './health.js';
import type { Log } from './log.js';
import type { Clock } from './ports.js';

/** What is asked of the store by whom, and whether that works: the store works when everything does. */
export interface StoreState {
  failed(what: string, error: Error): void;
  worked(what: string): void;
}

export function storeState(store: Store, health: Health, log: Log): StoreState {
  const failing = new Set<string>();
  return {
    failed(what, error) {
      failing.add(what);
      const why = isDiskFull(error) ? 'the disk is full; nothing is lost, work waits' : error.message;
      health.set('store', { ok: false, detail: `${store.name}: ${why}` });
      log.debug({ err: error, what }, 'a round failed');
    },
    worked(what) {
      if (failing.delete(what) && failing.size === 0) health.set('store', { ok: true, detail: store.name });
    },
  };
}

export interface Rounds {
  /** Ends the pause before the next round. */
  nudge(): void;
  /** Resolves after the signal. */
  readonly ended: Promise<void>;
}

/** Runs `round` until the signal: at once while it settles something, else after a pause or a nudge. */
export function every(
  { clock, signal, state }: { readonly clock: Clock; readonly signal: AbortSignal; readonly state: StoreState },
  what: string,
  pauseMs: number,
  round: () => Promise<number>,
): Rounds {
  let nudged = new AbortController();
  const run = async () => {
    while (!signal.aborted) {
      let settled = 0;
      let pause = pauseMs;
      nudged = new AbortController();
      try {
        settled = await round();
        state.worked(what);
      } catch (error) {
        state.failed(what, error as Error);
        pause = Math.max(pauseMs, 2000);
      }
      if (settled === 0) await clock.sleep(pause, AbortSignal.any([signal, nudged.signal]));
    }
  };
  return { nudge: () => nudged.abort(), ended: run() };
}
