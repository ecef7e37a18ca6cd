/** Logging in by GitHub, against a small GitHub of its OAuth paths: who may, and what forged ways back come to. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Hono } from 'hono';
import pino from 'pino';
import { systemClock } from '../../src/service/clock.js';
import type { Store } from '../../src/service/database.js';
import { startHealth } from '../../src/service/health.js';
import { pageRoutes } from '../../src/web/pages.js';

const secret = 'client-secret';
const codes = new Map<string, string>();
const seen: Record<string, string>[] = [];
const github = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const say = (status: number, body: unknown) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  if (request.method === 'POST' && request.url === '/login/oauth/access_token') {
    const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
    seen.push(form);
    const user = codes.get(form.code ?? '');
    codes.delete(form.code ?? '');
    // GitHub answers 200 also where it refuses.
    if (user === undefined || form.client_secret !== secret) return say(200, { error: 'bad_verification_code' });
    return say(200, { access_token: `gho_${user}`, token_type: 'bearer', scope: '' });
  }
  if (request.url === '/api/user') {
    const user = /^Bearer gho_(.+)$/.exec(request.headers.authorization ?? '')?.[1];
    return user === undefined ? say(401, { message: 'Bad credentials' }) : say(200, { login: user, id: 1 });
  }
  say(404, {});
});

let app: Hono;
beforeAll(async () => {
  await new Promise<void>((resolve) => github.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(github.address() as AddressInfo).port}`;
  const log = pino({ level: 'silent' });
  const store = { query: async () => [] } as unknown as Store;
  app = new Hono().route(
    '/',
    pageRoutes({
      ...{ store, log, health: startHealth(log, () => new Date()), clock: systemClock },
      ...{
        url: 'https://kabi.example.org',
        public: true,
        token: null,
        references: { names: () => [], open: () => null },
      },
      github: {
        ...{ clientId: 'client', clientSecret: secret, users: new Set(['ada']), url, apiUrl: `${url}/api` },
        callback: 'https://kabi.example.org/login/github/callback',
      },
    }),
  );
});
afterAll(() => new Promise((resolve) => github.close(resolve)));

async function begin(): Promise<{ cookie: string; state: string }> {
  const answer = await app.request('/login/github');
  expect(answer.status).toBe(302);
  const to = new URL(answer.headers.get('location') ?? '');
  expect(to.pathname).toBe('/login/oauth/authorize');
  expect(to.searchParams.get('redirect_uri')).toBe('https://kabi.example.org/login/github/callback');
  const cookie = answer.headers.get('set-cookie') ?? '';
  expect(cookie).toMatch(/HttpOnly; Secure; SameSite=Lax/);
  return { cookie: cookie.split(';')[0] ?? '', state: to.searchParams.get('state') ?? '' };
}

const back = (code: string, state: string, cookie: string) =>
  app.request(`/login/github/callback?code=${code}&state=${encodeURIComponent(state)}`, { headers: { cookie } });
const session = (answer: Response) =>
  answer.headers.getSetCookie().find((one) => one.startsWith('kabiwatch-session=') && !one.includes('Max-Age=0')) ??
  null;

test('who is on the list is logged in, whatever the case of the name', async () => {
  const { cookie, state } = await begin();
  codes.set('good', 'Ada');
  const answer = await back('good', state, cookie);
  expect(answer.status).toBe(200);
  expect(session(answer)).toMatch(/HttpOnly; Secure; SameSite=Strict/);
  expect(seen.at(-1)).toMatchObject({ client_id: 'client', code: 'good' });
  const page = await app.request('/health', { headers: { cookie: session(answer)?.split(';')[0] ?? '' } });
  expect(await page.text()).toContain('Log out');
  expect(await (await app.request('/health')).text()).not.toContain('Log out');
});

test('others, and ways back that were not begun in this browser, are refused', async () => {
  const { cookie, state } = await begin();
  const other = await begin();
  codes.set('eve', 'eve');
  const cases = [
    ['another account', await back('eve', state, cookie)],
    ['a code that GitHub does not know', await back('guess', state, cookie)],
    ['no cookie', await back('good', state, '')],
    ["another browser's state", await back('good', other.state, cookie)],
    ['a cookie of their own making', await back('good', 'mine', 'kabiwatch-oauth=mine.mine')],
    ['no code', await back('', state, cookie)],
  ] as const;
  for (const [what, answer] of cases) expect([what, answer.status, session(answer)]).toEqual([what, 403, null]);
});

test('no token is taken where none is configured', async () => {
  const body = new URLSearchParams({ token: '' });
  expect((await app.request('/login', { method: 'POST', body })).status).toBe(403);
  expect(await (await app.request('/login')).text()).not.toContain('type="password"');
});
