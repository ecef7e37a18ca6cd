/**
 * Logging in by GitHub OAuth (the web application flow): who is on the configured list may act. The state is a random value that only this browser's cookie has, so that
 * nobody can log a stranger's browser in; the token that GitHub gives is used once, for the login name, and forgotten.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';

export interface GithubLogin {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Login names, in small letters. */
  readonly users: ReadonlySet<string>;
  /** Where people log in: https://github.com, or an Enterprise server. */
  readonly url: string;
  readonly apiUrl: string;
  /** Where GitHub sends the browser back to. */
  readonly callback: string;
}

const name = 'kabiwatch-oauth';
const lifeSeconds = 600;
const patienceMs = 10_000;

/** Where the browser goes; its cookie remembers the state. */
export function beginLogin(login: GithubLogin, context: Context): string {
  const state = randomBytes(24).toString('base64url');
  setCookie(context, name, `${state}.${sign(login, state)}`, {
    httpOnly: true,
    // Strict would keep it from the way back, which begins at GitHub.
    sameSite: 'Lax',
    secure: login.callback.startsWith('https:'),
    path: '/login/github',
    maxAge: lifeSeconds,
  });
  const query = new URLSearchParams({
    client_id: login.clientId,
    redirect_uri: login.callback,
    state,
    allow_signup: 'false',
  });
  return `${login.url}/login/oauth/authorize?${query}`;
}

export type LoginResult =
  | { readonly ok: true; readonly user: string }
  /** For people; holds nothing that the browser sent. */
  | { readonly ok: false; readonly why: string };

/** What GitHub sent the browser back with. Never rejects. */
export async function finishLogin(login: GithubLogin, context: Context): Promise<LoginResult> {
  const [state = '', signature = ''] = (getCookie(context, name) ?? '').split('.');
  deleteCookie(context, name, { path: '/login/github' });
  const { code = '', state: given = '' } = context.req.query();
  if (state === '' || !same(signature, sign(login, state)) || !same(given, state))
    return { ok: false, why: 'This login was not begun here, or too long ago.' };
  if (code === '') return { ok: false, why: 'GitHub did not agree.' };
  try {
    const user = await userOf(login, code.slice(0, 200));
    if (user === null) return { ok: false, why: 'GitHub did not confirm the login.' };
    if (!login.users.has(user.toLowerCase())) return { ok: false, why: 'This account may not act here.' };
    return { ok: true, user };
  } catch {
    return { ok: false, why: 'GitHub cannot be asked now.' };
  }
}

async function userOf(login: GithubLogin, code: string): Promise<string | null> {
  const { clientId, clientSecret, callback } = login;
  const answer = await fetch(`${login.url}/login/oauth/access_token`, {
    method: 'POST',
    headers: { accept: 'application/json' },
    body: new URLSearchParams({ client_id: clientId, client_secret: clientSecret, code, redirect_uri: callback }),
    redirect: 'error',
    signal: AbortSignal.timeout(patienceMs),
  });
  const { access_token: token } = (await answer.json()) as { access_token?: unknown };
  if (!answer.ok || typeof token !== 'string') return null;
  const asked = await fetch(`${login.apiUrl}/user`, {
    headers: { accept: 'application/vnd.github+json', authorization: `Bearer ${token}`, 'user-agent': 'kabiwatch' },
    redirect: 'error',
    signal: AbortSignal.timeout(patienceMs),
  });
  const { login: user } = (await asked.json()) as { login?: unknown };
  return asked.ok && typeof user === 'string' ? user : null;
}

function sign({ clientSecret }: GithubLogin, state: string): string {
  return createHmac('sha256', clientSecret).update(`oauth ${state}`).digest('base64url');
}

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
