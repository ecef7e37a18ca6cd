/** What a process takes of the machine, and how to let others go before it. Linux only: elsewhere nothing is known, and nothing is slowed. */
import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';

export interface Usage {
  /** Of all its threads, since it began. */
  readonly cpuMs: number;
  /** In memory now, whoever asked for it: V8's heap, buffers, WebAssembly. */
  readonly memoryBytes: number;
}

/** Clock ticks a second and bytes a page, as Linux tells them on every architecture that Node runs on. */
const [tickMs, pageBytes] = [10, 4096];

/** null where it has ended, or the system does not say. */
export function usageOf(pid: number): Usage | null {
  try {
    // The name, in parentheses, may hold anything; after it come fields by number, from the third.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    const field = (number: number) => Number(fields[number - 3]);
    return { cpuMs: (field(14) + field(15)) * tickMs, memoryBytes: field(24) * pageBytes };
  } catch {
    return null;
  }
}

/** `nice` counts from -20 (quick) to 19. On Linux it belongs to a thread: those of the garbage collector are asked, too. */
export function slowDown(pid: number, nice: number): void {
  for (const thread of threadsOf(pid)) {
    try {
      setPriority(thread, nice);
    } catch {
      // It has ended, or the system does not let us: it stays as quick as it is.
    }
  }
}

function threadsOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [pid];
  }
}
