/**
 * What GitHub asks of who writes: one request after another, a second between writes, three between those that notify people ("Best practices for
 * using the REST API"). Counted by a clock that never jumps: a limiter by the wall clock sleeps for two hours where that goes back two hours.
 * And no request is waited for longer than a minute, since a network that went silent says nothing.
 */
import type { ProbotOctokit } from 'probot';

const [writeMs, notifyMs, limitMs] = [1000, 3000, 60_000];

/** A plugin for Octokit; all that is made with it take turns. */
export function spaced({ hook }: Pick<InstanceType<typeof ProbotOctokit>, 'hook'>): void {
  hook.wrap('request', async (request, options) => {
    const { method, url } = options;
    if (method !== 'GET' && method !== 'HEAD') await turn(/\/(?:comments|reviews|replies)$/.test(url));
    const signal = AbortSignal.timeout(limitMs);
    return request({ ...options, request: { ...options.request, signal } } as typeof options);
  });
}

let waiting: Promise<void> = Promise.resolve();
let [wrote, notified] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];

function turn(notifies: boolean): Promise<void> {
  waiting = waiting.then(async () => {
    const due = Math.max(wrote + writeMs, notifies ? notified + notifyMs : 0);
    const ms = due - performance.now();
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
    wrote = performance.now();
    if (notifies) notified = wrote;
  });
  return waiting;
}
