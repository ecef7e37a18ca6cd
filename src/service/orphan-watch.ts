/**
 * Ends the process when its parent is gone: a task that never comes back to the event loop does not hear that the service ended, and nobody else sets it limits then.
 * A thread of its own looks, which such a task cannot stop.
 */
import { Worker } from 'node:worker_threads';

const lookMs = 1000;

const watch = `
  const parent = process.ppid;
  setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL'); }, ${lookMs});
`;

export function endWithParent(): void {
  new Worker(watch, { eval: true, stdin: false }).unref();
}
