/** The pages and their addresses. Reading is for everybody or for who is logged in, as configured; acting needs a login and our own form. */
import { type Context, Hono } from 'hono';
import { html } from 'hono/html';
import { verdicts } from '../kabi/review.js';
import type { Store } from '../service/database.js';
import type { Health } from '../service/health.js';
import type { Log } from '../service/log.js';
import type { Clock } from '../service/ports.js';
import { decideOnPage } from '../service/store/deliveries.js';
import { retryParked } from '../service/store/threads.js';
import {
  listDeliveries,
  listReviews,
  type ReviewFilter,
  readPutAside,
  readQueue,
  readReview,
  reviewedLists,
} from '../service/store/views.js';
import { deliveriesPage } from './deliveries-page.js';
import { overviewOf, type Shelf } from './explore.js';
import { findTypes, searchPage, typePage } from './explorer-page.js';
import { atomFeed } from './feed.js';
import { beginLogin, finishLogin, type GithubLogin } from './github-login.js';
import { healthPage, type ServiceState, withoutAddresses } from './health-page.js';
import { guarded, type Html, page, type Seen } from './page.js';
import { type ReferenceLine, referenceLine, referencesPage } from './references-page.js';
import { reviewPage } from './review-page.js';
import { pageSize, reviewsPage } from './reviews-page.js';
import { type Sessions, sessionsOf } from './session.js';
import { style } from './style.js';

const mostTypes = 1000;

export interface Pages {
  readonly store: Store;
  readonly health: Health;
  readonly clock: Clock;
  readonly log: Log;
  /** Where people reach the pages; null takes the request's own address. */
  readonly url: string | null;
  readonly public: boolean;
  /** Without one, and without `github`, nobody logs in, and nobody acts. */
  readonly token: string | null;
  /** Logging in by GitHub; null where it is not configured. */
  readonly github: GithubLogin | null;
  readonly references: Shelf;
}

export function pageRoutes(pages: Pages): Hono {
  const { store, clock, log } = pages;
  const key = pages.token ?? pages.github?.clientSecret ?? null;
  const sessions =
    key === null ? null : sessionsOf({ key, token: pages.token }, pages.url?.startsWith('https:') ?? false, clock);
  const app = new Hono();
  const seenBy = (context: Context): Seen => ({ csrf: sessions?.csrfOf(context) ?? null, login: sessions !== null });
  const show = (context: Context, title: string, here: string, body: Html, status: 200 | 403 | 404 = 200) =>
    context.html(page(title, here, seenBy(context), body), status);

  app.use(guarded);
  app.get('/style.css', (context) =>
    context.body(style, 200, { 'content-type': 'text/css; charset=utf-8', 'cache-control': 'max-age=3600' }),
  );
  if (sessions !== null) loginRoutes(app, sessions, pages, show);
  if (!pages.public) {
    app.use(async (context, next) => {
      if (sessions?.csrfOf(context) == null) return context.redirect('/login', 303);
      await next();
    });
  }
  app.get('/', (context) => context.redirect('/reviews', 302));
  app.get('/reviews.json', async (context) => context.json(await listReviews(store, filterOf(context), pageSize)));
  app.get('/reviews.atom', async (context) => {
    const origin = (pages.url ?? new URL(context.req.url).origin).replace(/\/$/, '');
    const feed = atomFeed(await listReviews(store, filterOf(context), pageSize), origin);
    return context.body(feed, 200, { 'content-type': 'application/atom+xml; charset=utf-8' });
  });
  app.get('/reviews', async (context) => {
    const filter = filterOf(context);
    const [reviews, lists] = await Promise.all([listReviews(store, filter, pageSize), reviewedLists(store)]);
    return show(context, 'Reviews', '/reviews', reviewsPage(reviews, lists, filter));
  });
  app.get('/reviews/:name{r[0-9]{1,15}(?:\\.json)?}', async (context) => {
    const name = context.req.param('name');
    const row = await readReview(store, Number.parseInt(name.slice(1), 10));
    if (row === null) return show(context, 'No such review', '', html`<p>There is no review ${name}.</p>`, 404);
    if (name.endsWith('.json')) return context.json(row.review);
    return show(
      context,
      row.subject || `r${row.id}`,
      '',
      reviewPage(row, await listDeliveries(store, null, row.id), seenBy(context)),
    );
  });
  app.get('/deliveries.json', async (context) => context.json(await listDeliveries(store, stateOf(context), null)));
  app.get('/deliveries', async (context) => {
    const deliveries = await listDeliveries(store, stateOf(context), null);
    return show(context, 'Deliveries', '/deliveries', deliveriesPage(deliveries, stateOf(context), seenBy(context)));
  });
  app.post('/deliveries/:id{[0-9]{1,15}}', async (context) => {
    const form = await context.req.parseBody();
    if (sessions === null || !sessions.mayAct(context, form.csrf))
      return show(context, 'Not allowed', '', html`<p>Log in, and try again from the page.</p>`, 403);
    const delivery = Number(context.req.param('id'));
    const to = form.decision === 'approve' ? 'planned' : form.decision === 'withdraw' ? 'withdrawn' : null;
    if (to !== null) {
      const review = await decideOnPage(store, { delivery, to }, clock.now());
      if (review === null) log.info({ delivery, to }, 'not moderated: it is not held any more');
      else log.info({ review: `r${review}`, delivery, to }, 'moderated on the page');
    }
    return context.redirect('/deliveries?state=held', 303);
  });
  app.post('/parked/:thread{[0-9]{1,15}}', async (context) => {
    const form = await context.req.parseBody();
    if (sessions === null || !sessions.mayAct(context, form.csrf))
      return show(context, 'Not allowed', '', html`<p>Log in, and try again from the page.</p>`, 403);
    const thread = Number(context.req.param('thread'));
    const review = await retryParked(store, thread, clock.now());
    if (review === null) log.info({ thread }, 'not tried again: it is not parked any more');
    else log.info({ review: `r${review}`, thread }, 'tried again, as asked on the page');
    return context.redirect('/health', 303);
  });
  referenceRoutes(app, pages.references, show);
  const stateFor = async (context: Context): Promise<ServiceState> => {
    const [queue, aside] = await Promise.all([readQueue(store), readPutAside(store)]);
    const state = { health: pages.health.read(), queue, aside };
    return sessions === null || sessions.csrfOf(context) !== null ? state : withoutAddresses(state);
  };
  app.get('/health.json', async (context) => {
    const { health, queue, aside } = await stateFor(context);
    return context.json({ ...health, queue, aside });
  });
  app.get('/health', async (context) =>
    show(context, 'Health', '/health', healthPage(await stateFor(context), seenBy(context))),
  );
  app.all('*', (context) => show(context, 'No such page', '', html`<p>There is nothing at this address.</p>`, 404));
  return app;
}

type Show = (
  context: Context,
  title: string,
  here: string,
  body: Html,
  status?: 200 | 403 | 404,
) => Response | Promise<Response>;

function referenceRoutes(app: Hono, shelf: Shelf, show: Show): void {
  const lines = async (): Promise<ReferenceLine[]> => {
    // A damaged reference is left out here; its own page says what is wrong with it.
    const read = shelf.names().map(async (name) => {
      const reference = shelf.open(name);
      return reference === null ? [] : referenceLine(reference).catch(() => []);
    });
    return (await Promise.all(read)).flat();
  };
  const none = (context: Context, what: string) =>
    show(context, `No such ${what}`, '', html`<p>There is no ${what} of this name.</p>`, 404);
  app.get('/references.json', async (context) => context.json(await lines()));
  app.get('/references', async (context) => show(context, 'References', '/references', referencesPage(await lines())));
  app.get('/references/:name', async (context) => {
    const reference = shelf.open(context.req.param('name'));
    if (reference === null) return none(context, 'reference');
    const search = (context.req.query('q') ?? '').slice(0, 200);
    return show(context, reference.meta.name, '', await searchPage(reference, search));
  });
  app.get('/references/:name/types.json', async (context) => {
    const reference = shelf.open(context.req.param('name'));
    if (reference === null) return context.json({ error: 'no such reference' }, 404);
    const { name, arch, version, crcMode } = reference.meta;
    const found = findTypes((await overviewOf(reference)).keys, (context.req.query('q') ?? '').slice(0, 200));
    return context.json({ name, arch, version, crcMode, found: found.length, types: found.slice(0, mostTypes) });
  });
  app.get('/references/:name/:page{type(?:\\.json)?}', async (context) => {
    const reference = shelf.open(context.req.param('name'));
    if (reference === null) return none(context, 'reference');
    const key = (context.req.query('key') ?? '').slice(0, 300);
    if (context.req.param('page') === 'type.json') {
      const [shipped, computed] = [reference.row('shipped', key), reference.row('layouts', key)];
      if (shipped === null && computed === null) return context.json({ error: 'no such type' }, 404);
      return context.json({ key, shipped, computed, embeddedIn: reference.row('embeds', key) ?? [] });
    }
    const body = await typePage(reference, key);
    return body === null ? none(context, 'type') : show(context, key, '', body);
  });
}

function loginRoutes(
  app: Hono,
  sessions: Sessions,
  { log, token, github }: Pick<Pages, 'log' | 'token' | 'github'>,
  show: (context: Context, title: string, here: string, body: Html, status?: 200 | 403) => Response | Promise<Response>,
): void {
  const form = (wrong: boolean) => html`${wrong ? html`<p role="alert">This is not the token.</p>` : ''}
${github === null ? '' : html`<p><a href="/login/github">Log in with GitHub</a></p>`}
${token === null ? '' : tokenForm}`;
  const tokenForm = html`<form class="filter" method="post" action="/login"><label>Token <input type="password" name="token" required autocomplete="current-password"></label><button>Log in</button></form>`;
  app.get('/login', (context) => show(context, 'Log in', '', form(false)));
  app.post('/login', async (context) => {
    const { token: given } = await context.req.parseBody();
    if (sessions.open(context, typeof given === 'string' ? given : ''))
      return context.redirect('/deliveries?state=held', 303);
    log.warn('login refused');
    return show(context, 'Log in', '', form(true), 403);
  });
  if (github !== null) {
    app.get('/login/github', (context) => context.redirect(beginLogin(github, context), 302));
    app.get('/login/github/callback', async (context) => {
      const result = await finishLogin(github, context);
      if (!result.ok) {
        log.warn({ why: result.why }, 'login refused');
        return show(context, 'Log in', '', html`<p role="alert">${result.why}</p>${form(false)}`, 403);
      }
      log.info({ user: result.user }, 'logged in by GitHub');
      sessions.grant(context);
      // No redirect: a strict cookie is not sent along on a way that began at GitHub.
      return show(
        context,
        'Logged in',
        '',
        html`<p>As ${result.user}. <a href="/deliveries?state=held">Go on to what is held</a></p>`,
      );
    });
  }
  app.post('/logout', async (context) => {
    const { csrf } = await context.req.parseBody();
    if (sessions.mayAct(context, csrf)) sessions.close(context);
    return context.redirect('/reviews', 303);
  });
}

function filterOf(context: Context): ReviewFilter {
  const { verdict, list, q, before } = context.req.query();
  return {
    verdict: (verdicts as readonly string[]).includes(verdict ?? '') ? (verdict ?? null) : null,
    list: list === undefined || list === '' ? null : list.slice(0, 200),
    search: q === undefined || q === '' ? null : q.slice(0, 200),
    before: before !== undefined && /^\d{1,15}$/.test(before) ? Number(before) : null,
  };
}

function stateOf(context: Context): string | null {
  const state = context.req.query('state');
  return state === undefined || !/^[a-z]+$/.test(state) ? null : state;
}
