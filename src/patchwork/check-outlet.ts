/**
 * A review's result as a check on each patch of its series, through Patchwork's REST API (1.2 and later, which finds patches by Message-ID).
 * Posting twice is harmless: a check that stands there already, as ours would, is left alone. Nothing is ever deleted or edited.
 */
import { EnvHttpProxyAgent, fetch } from 'undici';
import { z } from 'zod';
import type { Check, CheckOutlet, SendResult } from '../service/ports.js';

export interface PatchworkAccount {
  /** Where Patchwork is, without `/api`. */
  readonly url: string;
  /** The project's link name. */
  readonly project: string;
  readonly token: () => string;
  /** Under which name the checks stand. */
  readonly context: string;
  readonly timeoutMs: number;
}

const Patches = z.array(z.object({ id: z.number().int(), msgid: z.string() }));
const Checks = z.array(
  z.object({
    id: z.number().int(),
    state: z.string(),
    context: z.string(),
    description: z.string().nullable(),
    target_url: z.string().nullable(),
  }),
);

/** More than a patch gets in its life. */
const mostChecks = 500;

/** Asks for the project, posts nothing. Resolves to its name; rejects with what is wrong. */
export async function verifyPatchwork(account: PatchworkAccount): Promise<string> {
  const project = await asking(account)(`/projects/${encodeURIComponent(account.project)}/`);
  return z.object({ name: z.string() }).parse(project).name;
}

type Ask = (path: string, body?: object) => Promise<unknown>;

/** GET, or POST where there is a body; rejects with Refused for what the server does not take. */
function asking(account: PatchworkAccount): Ask {
  const base = `${account.url.replace(/\/+$/, '')}/api/1.2`;
  const dispatcher = new EnvHttpProxyAgent();
  return async (path, body) => {
    const answer = await fetch(`${base}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        accept: 'application/json',
        authorization: `Token ${account.token()}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(account.timeoutMs),
      dispatcher,
    });
    if (!answer.ok) throw new Refused(answer.status, (await answer.text()).slice(0, 300));
    return answer.json();
  };
}

export function checkOutlet(account: PatchworkAccount): CheckOutlet {
  const ask = asking(account);
  const patchNamed = async (messageId: string): Promise<number> => {
    const query = new URLSearchParams({ project: account.project, msgid: messageId });
    const found = Patches.parse(await ask(`/patches/?${query}`));
    // A server that does not know the filter answers with other patches.
    const patch = found.find(({ msgid }) => msgid === `<${messageId}>`);
    if (patch === undefined) throw new NotThere(messageId);
    return patch.id;
  };
  const postOne = async (messageId: string, check: Check): Promise<'posted' | 'there'> => {
    const patch = await patchNamed(messageId);
    const known = Checks.parse(await ask(`/patches/${patch}/checks/?per_page=${mostChecks}`));
    const last = known.filter(({ context }) => context === account.context).at(-1);
    const wanted = { state: check.state, description: check.description, target_url: check.url ?? '' };
    if (
      last?.state === wanted.state &&
      last.description === wanted.description &&
      (last.target_url ?? '') === wanted.target_url
    )
      return 'there';
    await ask(`/patches/${patch}/checks/`, { ...wanted, context: account.context });
    return 'posted';
  };
  return {
    name: account.url,
    async post(check) {
      const done = { posted: 0, there: 0 };
      try {
        for (const messageId of check.patches) done[await postOne(messageId, check)]++;
      } catch (error) {
        return refusal(error as Error);
      }
      return { kind: 'sent', response: `${done.posted} checks posted, ${done.there} there already`, rejected: [] };
    },
  };
}

class Refused extends Error {
  readonly status: number;
  constructor(status: number, text: string) {
    super(`${status} ${text.replace(/\s+/g, ' ')}`.trim());
    this.status = status;
  }
}

/** Patchwork reads the list as we do; it may be slower. */
class NotThere extends Error {
  constructor(messageId: string) {
    super(`Patchwork has no patch ${messageId} yet`);
  }
}

/** A lost answer is no doubt here: the next attempt looks first. */
function refusal(error: Error): SendResult {
  const isFinal =
    error instanceof z.ZodError ||
    (error instanceof Refused && error.status >= 400 && error.status < 500 && ![408, 425, 429].includes(error.status));
  const why = error instanceof z.ZodError ? 'the answer is not what API 1.2 gives' : causeOf(error);
  return { kind: isFinal ? 'failed' : 'retry', why };
}

function causeOf(error: Error): string {
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return `${error.message}${cause}`;
}
