/** The webhook's address: signature checked, delivery stored once, answered; the work comes later. */
import type { Logger } from 'pino';
import type { Probot } from 'probot';
import type { ForgeStore } from '../service/ports.js';
import { readEvent } from './events.js';
import { named } from './named.js';

/** GitHub sends at most 25 MB. */
const bodyLimit = 25 * 1024 * 1024;

export interface Receiving {
  readonly app: Probot;
  readonly appId: number;
  readonly store: ForgeStore;
  readonly log: Logger;
  /** Something became due. */
  readonly marked: () => void;
  readonly installed: (installation: number) => void;
}

/** 202 stored, 200 known or nothing to do, 401 bad signature, 400 and 413 no webhook of GitHub's. */
export async function receiveWebhook(receiving: Receiving, request: Request): Promise<Response> {
  const { app, log } = receiving;
  const event = request.headers.get('x-github-event');
  const id = request.headers.get('x-github-delivery');
  const signature = request.headers.get('x-hub-signature-256');
  if (event === null || id === null || !/^[\w-]{1,100}$/.test(id)) return answer(400, 'not a webhook');
  if (Number(request.headers.get('content-length') ?? 0) > bodyLimit) return answer(413, 'too large');
  const body = await request.text();
  if (body.length > bodyLimit) return answer(413, 'too large');
  if (signature === null || !(await app.webhooks.verify(body, signature).catch(() => false))) {
    log.warn({ event, delivery: id }, 'webhook refused: bad signature');
    return answer(401, 'bad signature');
  }
  let payload: unknown;
  try {
    payload = JSON.parse(body);
  } catch {
    return answer(400, 'not JSON');
  }
  const taken = await takeIn(receiving, { id, event }, payload);
  return answer(taken === 'stored' ? 202 : 200, taken);
}

/** A webhook of which it is certain that GitHub sent it. */
export async function takeIn(
  receiving: Receiving,
  { id, event }: { readonly id: string; readonly event: string },
  payload: unknown,
): Promise<'stored' | 'known' | 'nothing to do'> {
  const { appId, store, log } = receiving;
  const read = readEvent(event, payload, appId);
  if (read.kind === 'nothing') {
    log.debug({ event, delivery: id, why: read.why }, 'webhook passed over');
    return 'nothing to do';
  }
  const notices = read.kind === 'pulls' ? read.notices : [];
  const push = read.kind === 'push' ? read.notice : undefined;
  const marked = await store.receive({ id, event }, notices, push);
  if (marked === null) return 'known';
  if (marked.length === 0) log.info({ event, delivery: id, ...push }, 'webhook stored');
  for (const pull of marked) log.info({ ...named(pull), event, delivery: id }, 'webhook stored');
  if (read.kind === 'installed') receiving.installed(read.installation);
  else receiving.marked();
  return 'stored';
}

function answer(status: number, text: string): Response {
  return new Response(`${text}\n`, { status, headers: { 'content-type': 'text/plain' } });
}
