/** A thread of replay-pool.ts: mails come in, what assembling needs to know of each goes out. Hunks are read here and stay here. */
import { parentPort } from 'node:worker_threads';
import { mayMatter } from '../../kabi/series/triage.js';
import { type Message, readMessage } from '../../mail/message.js';

export interface ReplayedMail {
  /** Without hunks and prose. */
  readonly message: Message;
  /** A file in it may hold something that modules see. */
  readonly matters: boolean;
}

parentPort?.on('message', async (mails: readonly Uint8Array[]) => {
  const read: ReplayedMail[] = [];
  for (const raw of mails) read.push(slim(await readMessage(raw)));
  parentPort?.postMessage(read);
});

function slim(message: Message): ReplayedMail {
  const files = message.patch.files.map((file) => ({ ...file, hunks: [] }));
  const damage = message.patch.damage.slice(0, 20);
  return {
    message: {
      ...message,
      prose: '',
      recipients: [],
      trailers: { ...message.trailers, followUps: [] },
      patch: { files, damage },
    },
    matters: message.patch.files.some(mayMatter),
  };
}
