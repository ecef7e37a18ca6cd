/**
 * What a replay has read, on disk: a line a mail, appended as it is read, so that a run that was stopped goes on where it was. A last
 * line that was cut is read again.
 */
import { closeSync, existsSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { KabiwatchError } from '../../errors.js';
import type { Replayed } from './replay-pool.js';

export interface ReplayState {
  readonly known: readonly Replayed[];
  append(some: readonly Replayed[]): void;
  close(): void;
}

/** Throws `file-unreadable` where the file is no state of this archive, `file-unwritable`. */
export function openReplayState(path: string, archive: string): ReplayState {
  const head = `${JSON.stringify({ replay: 1, archive })}\n`;
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (text !== '' && !text.startsWith(head))
    throw new KabiwatchError('file-unreadable', { path, why: `no replay of ${archive}; give another --state file` });
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const known = whole
    .slice(head.length)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Replayed);
  try {
    if (whole.length < text.length) truncateSync(path, Buffer.byteLength(whole));
    const file = openSync(path, 'a');
    if (whole === '') writeSync(file, head);
    return {
      known,
      append: (some) => void writeSync(file, some.map((one) => `${JSON.stringify(one)}\n`).join('')),
      close: () => closeSync(file),
    };
  } catch (cause) {
    throw new KabiwatchError('file-unwritable', { path }, { cause });
  }
}
