/**
 * Webhooks that did not arrive while the App runs. GitHub keeps what it could not deliver for three days and says what it was, so they are taken from
 * there as if they had come: also where nobody can reach this machine from outside. One request a round where nothing is missing.
 */
import type { Client } from './app.js';
import { isListenedTo } from './events.js';
import { type Receiving, takeIn } from './webhook.js';

/** A delivery counts for GitHub as failed some time after it was begun. */
const overlapMs = 600_000;
/** Of a hundred deliveries each. */
const mostPages = 20;

export interface Asking extends Receiving {
  readonly now: () => Date;
  /** Between two rounds, of all processes together. */
  readonly pauseMs: number;
}

/** A round for whichever process is first when the time has come. */
export function missedRounds(asking: Asking): () => Promise<void> {
  const { store, log } = asking;
  let since = Number.NEGATIVE_INFINITY;
  return async () => {
    if (!(await store.alone('github missed', asking.pauseMs))) return;
    const begun = asking.now().getTime();
    const taken = await takeMissed(asking, since - overlapMs);
    if (taken > 0) log.info({ webhooks: taken }, 'missed webhooks taken from GitHub');
    since = begun;
  };
}

/** Of deliveries since `since`, in milliseconds; how many there were. */
export async function takeMissed(asking: Receiving, since: number): Promise<number> {
  const client = await asking.app.auth();
  const missed = await failedSince(client, since);
  const known = new Set(await asking.store.received(missed.map(({ guid }) => guid)));
  const toLookAt = new Set<number>();
  let taken = 0;
  // In the order in which they were sent.
  for (const one of missed.reverse()) {
    const { guid, event, installation } = one;
    if (known.has(guid)) continue;
    known.add(guid);
    const payload = await payloadOf(client, one);
    if (payload === null && installation !== null) toLookAt.add(installation);
    if ((await takeIn(asking, { id: guid, event }, payload)) === 'stored') taken++;
    // So that it is not fetched again.
    else await asking.store.receive({ id: guid, event }, []);
  }
  for (const installation of toLookAt) asking.installed(installation);
  return taken;
}

/** null where it cannot be had: what it was about is found by looking at the installation. */
async function payloadOf(client: Client, { id }: Failed): Promise<unknown> {
  // A number in JSON that this language cannot hold names another delivery, or none.
  if (!Number.isSafeInteger(id)) return null;
  try {
    return (await client.rest.apps.getWebhookDelivery({ delivery_id: id })).data.request.payload;
  } catch (error) {
    if ((error as { status?: number }).status === 404) return null;
    throw error;
  }
}

interface Failed {
  readonly id: number;
  readonly guid: string;
  readonly event: string;
  readonly installation: number | null;
}

/** Newest first, and only what would be listened to. */
async function failedSince(client: Client, since: number): Promise<Failed[]> {
  const failed: Failed[] = [];
  let pages = 0;
  const asked: { readonly per_page: number; readonly status: string } = { per_page: 100, status: 'failure' };
  const listed = client.paginate.iterator(client.rest.apps.listWebhookDeliveries, asked);
  for await (const { data } of listed) {
    for (const { id, guid, event, action, status_code, installation_id } of data) {
      const arrived = status_code >= 200 && status_code < 300;
      if (!arrived && isListenedTo(event, action)) failed.push({ id, guid, event, installation: installation_id });
    }
    const oldest = data.at(-1)?.delivered_at;
    if (oldest === undefined || Date.parse(oldest) < since || ++pages === mostPages) break;
  }
  return failed;
}
