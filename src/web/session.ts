/**
 * Logging in with the configured token, or by who vouches otherwise (github-login.ts). A session is a signed time, kept in a cookie that scripts and other sites cannot use; forms carry
 * a second signature of it. Nothing is stored, so any web process accepts it; changing the key ends all sessions.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { Clock } from '../service/ports.js';

export interface Sessions {
  /** The forms' token of who is logged in, or null. */
  csrfOf(context: Context): string | null;
  /** False when the token is wrong, or too many were tried. */
  open(context: Context, token: string): boolean;
  /** For who has proved otherwise to be somebody that may act. */
  grant(context: Context): void;
  close(context: Context): void;
  /** May this request act? Logged in, and the form came from our own page. */
  mayAct(context: Context, csrf: unknown): boolean;
}

const name = 'kabiwatch-session';
const lifeMs = 12 * 3_600_000;
const triesPerMinute = 10;

/** `key` signs; `token` null: nobody logs in by a token. */
export function sessionsOf(
  { key, token }: { readonly key: string; readonly token: string | null },
  secure: boolean,
  clock: Clock,
): Sessions {
  const sign = (what: string): string => createHmac('sha256', key).update(what).digest('base64url');
  let tries: number[] = [];
  const valid = (context: Context): string | null => {
    const [ends = '', signature = ''] = (getCookie(context, name) ?? '').split('.');
    if (!same(signature, sign(`session ${ends}`)) || Number(ends) < clock.now().getTime()) return null;
    return ends;
  };
  const csrfOf = (context: Context): string | null => {
    const ends = valid(context);
    return ends === null ? null : sign(`csrf ${ends}`);
  };
  const grant = (context: Context): void => {
    const ends = String(clock.now().getTime() + lifeMs);
    setCookie(context, name, `${ends}.${sign(`session ${ends}`)}`, {
      httpOnly: true,
      sameSite: 'Strict',
      secure,
      path: '/',
      maxAge: lifeMs / 1000,
    });
  };
  return {
    csrfOf,
    open(context, given) {
      const now = clock.now().getTime();
      tries = tries.filter((at) => at > now - 60_000);
      if (tries.length >= triesPerMinute) return false;
      tries.push(now);
      if (token === null || !same(sign(`token ${given}`), sign(`token ${token}`))) return false;
      tries.pop();
      grant(context);
      return true;
    },
    grant,
    close: (context) => void deleteCookie(context, name, { path: '/', secure }),
    mayAct(context, csrf) {
      const site = context.req.header('sec-fetch-site');
      if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
      const wanted = csrfOf(context);
      return wanted !== null && typeof csrf === 'string' && same(csrf, wanted);
    },
  };
}

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
