/** A diff through the API, measured while it comes: whoever makes it decides how large it is. */
import { maxBytes } from './clone.js';

export type ApiDiff =
  | { readonly kind: 'diff'; readonly text: string }
  | { readonly kind: 'too-large'; readonly why: string };

/** `ask` must leave the answer unread (`parseSuccessResponseBody: false`). */
export async function readDiff(ask: () => Promise<{ readonly data: unknown }>, limit = maxBytes): Promise<ApiDiff> {
  let data: unknown;
  try {
    ({ data } = await ask());
  } catch (error) {
    if ((error as { status?: number }).status !== 406) throw error;
    return { kind: 'too-large', why: 'GitHub gives no diff of this size' };
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the stream, and with it the download.
  for await (const chunk of data as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > limit) return { kind: 'too-large', why: `it is larger than ${limit / 1048576} MiB` };
    chunks.push(chunk);
  }
  return { kind: 'diff', text: Buffer.concat(chunks).toString('utf8') };
}
