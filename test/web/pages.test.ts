/** The pages as a person meets them: in headless Chromium, by roles and labels, with axe-core, without script, on a phone, under attack. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Hono } from 'hono';
import pino from 'pino';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { Layout } from '../../src/c/layout.js';
import { openReference, writeReference } from '../../src/disk/references/reference-file.js';
import type { Finding, Review, TypeChange } from '../../src/kabi/review.js';
import { packNumbers } from '../../src/kernel/number-set.js';
import { unitKey } from '../../src/kernel/reference.js';
import type { FilePatch, Patch } from '../../src/patch/series.js';
import { systemClock } from '../../src/service/clock.js';
import type { Store } from '../../src/service/database.js';
import { startHealth } from '../../src/service/health.js';
import { migrate } from '../../src/service/migrate.js';
import { openFolder } from '../../src/service/pglite.js';
import { type ShownPatch, shownPatches } from '../../src/service/shown-patches.js';
import { planDelivery } from '../../src/service/store/deliveries.js';
import { storeReview, storeSeries } from '../../src/service/store/reviews.js';
import { pageRoutes } from '../../src/web/pages.js';
import { startServer, type WebServer } from '../../src/web/server.js';
import { program, scratchFolder } from '../servers/run.js';
import { emptyReview } from '../service/review.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const attack = `"><img src=x onerror="window.hit=1"><script>window.hit=1</script>'\`\${hit}</title></desc>`;
const token = 'correct horse battery staple';

let store: Store;
let server: WebServer;
let browser: Browser | null = null;
let at = '';
const folder = scratchFolder('web');

function type(name: string, size: number): TypeChange {
  const place = (bitOffset: number) => ({ bitOffset, bitSize: 64, type: 'unsigned long' });
  return {
    kind: 'struct',
    name,
    file: 'include/linux/s.h',
    line: 3,
    verdict: 'crc-break',
    before: { size, align: 8 },
    after: { size: size + 8, align: 8 },
    embeddedIn: ['task_struct'],
    members: [
      { name: 'fresh', change: 'added', before: null, after: place(64) },
      { name: 'later', change: 'moved', before: place(64), after: place(128) },
      { name: 'gone', change: 'removed', before: place(256), after: null },
    ],
  };
}

async function seed(
  subject: string,
  review: Partial<Review>,
  reply = '',
  shown: readonly ShownPatch[] = [],
): Promise<number> {
  const [thread] = await store.query<{ id: number }>('insert into kabiwatch.thread default values returning id');
  const messageId = `${crypto.randomUUID()}@x`;
  const series = await storeSeries(store, { messageId, thread: thread?.id ?? 0, list: 'a-list', subject, version: 1 });
  const { id } = await storeReview(store, {
    series,
    engine: 'e',
    patches: 'p',
    review: emptyReview(review),
    shown,
    reply,
    ms: 3,
  });
  const mail = {
    messageId: `reply-${messageId}`,
    from: 'k@x',
    to: ['a@x'],
    cc: [],
    bcc: [],
    replyTo: null,
    subject,
    inReplyTo: null,
    references: [],
    headers: {},
    text: '',
  };
  await planDelivery(
    store,
    { series, review: id, outlet: 'mail', list: 'a-list', mail, held: 'waits for approval' },
    new Date(),
  );
  return id;
}

function writtenReference(): string {
  const path = join(folder.path, 'small-6.1.kabiref');
  const member = (name: string, offset: number, size: number) => ({
    ...{ name, bitOffset: offset * 8, bitSize: 0, size, type: size === 4 ? 'int' : 'long int', inner: null },
  });
  const layout = (name: string, size: number, members: Layout['members']): Layout => ({
    ...{ kind: 'struct', name, typedef: false, size, align: 8, members },
  });
  const symbol = (name: string, shipped: number, computed: number) => ({
    ...{ name, module: 'vmlinux', license: 'any' as const, namespace: null, shipped, computed, source: null },
  });
  const text = (spelled: string) => [{ text: spelled, file: null, units: packNumbers([0]) }];
  const names = { basename: 'small', modname: 'small', modfile: 'lib/small' };
  const small = layout('small', 24, [member('a', 0, 4), member('b', 8, 8), member('kabi_reserved1', 16, 8)]);
  const attacked = layout(attack, 8, [member(attack, 0, 8)]);
  writeReference(
    path,
    { name: 'small-6.1', arch: 'x86_64', version: '6.1.7', source: null, build: null, crcMode: 'genksyms' },
    {
      shipped: new Map([
        ['struct small', [small]],
        [`struct ${attack}`, [attacked]],
      ]),
      embeds: new Map([['struct small', ['struct large']]]),
      symbols: new Map([
        ['use_small', [symbol('use_small', 1, 1)]],
        ['other', [symbol('other', 1, 2)]],
      ]),
      exporting: new Map([
        [
          unitKey(0),
          {
            ...{
              source: 'lib/small.c',
              language: 'c' as const,
              module: 'vmlinux',
              place: 'builtin' as const,
              ...names,
            },
            ...{ flags: '0', exports: [['use_small', 1] as const, ['other', 2] as const], missing: [], size: 1 },
          },
        ],
      ]),
      types: new Map([
        ['use_small', text('void use_small ( s#small * )')],
        ['other', text('void other ( s#large * )')],
        ['s#small', text('struct small { int a ; }')],
        ['s#large', text('struct large { int a ; }')],
      ]),
    },
  );
  return path;
}

/** A line of two bytes in UTF-8, one that holds a zero, and more lines than a page shows. */
const patch: Patch = {
  ...{ n: 1, total: 1, messageId: null, subject: 'mm: count users', author: null, damage: [] },
  files: [
    fileOf('include/linux/s.h', [' struct s {', '+\tint users; /* \u00c3\u00bc\u0000 */', '-\tint gone;', ' };']),
    fileOf(
      'include/linux/long.h',
      Array.from({ length: 3000 }, () => '+int x;'),
    ),
  ],
};
const inserted: Finding = {
  ...{ rule: 'member-inserted', severity: 'error', type: 's', symbol: null, file: 'include/linux/s.h', line: 11 },
  ...{ patch: 1, text: 'users is put in', evidence: 'diff', verified: false },
};

function fileOf(path: string, lines: readonly string[]): FilePatch {
  const hunk = { beforeStart: 10, beforeLines: 3, afterStart: 10, afterLines: 3, heading: 'struct s {', place: 1 };
  return {
    ...{ status: 'modified', before: path, after: path, hunks: [{ ...hunk, lines }], binary: false },
    ...{ beforeBlob: null, afterBlob: null, beforeMode: null, afterMode: null },
  };
}

const ids: number[] = [];
beforeAll(async () => {
  store = await openFolder(folder.path);
  await migrate(store);
  ids.push(
    await seed(
      '[PATCH] mm: count users',
      { verdict: 'crc-break', types: [type('mm_struct', 200)], findings: [inserted] },
      'the reply\n',
      shownPatches({ patches: [patch] }),
    ),
  );
  ids.push(
    await seed('[PATCH] many', {
      verdict: 'silent-break',
      types: Array.from({ length: 200 }, (_, n) => type(`s${n}`, 64 * (n + 1))),
    }),
  );
  const finding = {
    rule: attack,
    severity: 'error',
    type: attack,
    symbol: attack,
    file: attack,
    line: 1,
    patch: 1,
    text: attack,
    evidence: 'diff',
    verified: false,
  } as const;
  const hostile = type(attack, 80);
  ids.push(
    await seed(
      attack,
      {
        verdict: 'unknown',
        series: {
          subject: attack,
          version: 1,
          rfc: false,
          messageId: attack,
          patches: [{ n: 1, total: 1, messageId: attack, subject: attack, files: [attack] }],
        },
        types: [
          {
            ...hostile,
            file: attack,
            embeddedIn: [attack],
            members: hostile.members.map((one) => ({ ...one, name: attack })),
          },
        ],
        findings: [finding],
        guards: [{ file: attack, line: 1, idiom: attack, hides: [attack], honest: false, rule: attack, why: attack }],
        consumers: [
          { type: attack, member: attack, kind: 'access', place: 'module', file: attack, line: 1, function: attack },
        ],
        fixes: [{ title: attack, verdict: 'none', diff: attack }],
        missing: [{ what: attack, why: attack }],
        symbols: {
          exported: 1,
          changed: [
            { name: attack, module: attack, before: '0x1', after: '0x2', stable: true, cause: 0, because: [attack] },
          ],
          causes: [{ text: attack, file: attack, line: 1, patch: 1, cosmetic: false, count: 1 }],
          added: [],
          removed: [],
        },
      },
      attack,
      [
        {
          n: 1,
          files: [{ path: attack, hunks: [{ heading: attack, afterStart: 1, lines: [`+${attack}`, attack] }] }],
          left: 1,
        },
      ],
    ),
  );
  const log = pino({ level: 'silent' });
  const health = startHealth(log, () => new Date());
  health.set('store', { ok: true, detail: attack });
  const app = new Hono();
  const reference = openReference(writtenReference());
  const references = { names: () => ['small-6.1'], open: (name: string) => (name === 'small-6.1' ? reference : null) };
  app.route(
    '/',
    pageRoutes({ store, health, clock: systemClock, log, url: null, public: true, token, github: null, references }),
  );
  server = await startServer(app, '127.0.0.1:0');
  at = `http://127.0.0.1:${server.port}`;
  const path = program('chromium');
  if (path === null) console.log('skipped: chromium is not installed, the pages were not opened');
  else {
    const args = [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ];
    browser = await chromium.launch({ executablePath: path, headless: true, args });
  }
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await store?.close();
  folder.remove();
});

async function withPage(
  body: (page: Page) => Promise<void>,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<void> {
  if (browser === null) return;
  const context = await browser.newContext(options);
  try {
    await body(await context.newPage());
  } finally {
    await context.close();
  }
}

const everyPage = () => [
  '/reviews',
  `/reviews/r${ids[0]}`,
  `/reviews/r${ids[2]}`,
  '/deliveries',
  '/references',
  '/references/small-6.1?q=s',
  '/references/small-6.1/type?key=struct%20small',
  `/references/small-6.1/type?key=${encodeURIComponent(`struct ${attack}`)}`,
  '/health',
  '/login',
  '/nowhere',
];

test('axe-core finds nothing wrong on any page, in both themes and at phone width', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    await withPage(
      async (page) => {
        for (const path of everyPage()) {
          await page.goto(at + path);
          await page.evaluate(axe);
          const wrong = await page.evaluate(async () => {
            const { violations } = await (
              globalThis as unknown as {
                axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
              }
            ).axe.run();
            return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)}`);
          });
          expect({ path, wrong }).toEqual({ path, wrong: [] });
          const wide = await page.evaluate(
            'document.documentElement.scrollWidth > document.documentElement.clientWidth',
          );
          expect({ path, wide }).toEqual({ path, wide: false });
        }
      },
      { colorScheme, viewport: { width: 375, height: 700 } },
    );
  }
}, 120_000);

test('what comes from mail stays text, under the policy and without it', async () => {
  for (const bypassCSP of [false, true]) {
    await withPage(
      async (page) => {
        page.on('dialog', () => expect('a dialog').toBe('never shown'));
        for (const path of everyPage()) {
          await page.goto(at + path);
          expect(await page.evaluate('window.hit')).toBeUndefined();
          expect(await page.locator('main img, main script').count()).toBe(0);
        }
        await page.goto(`${at}/reviews?q=${encodeURIComponent(attack)}`);
        expect(await page.evaluate('window.hit')).toBeUndefined();
        expect(await page.getByRole('searchbox', { name: 'Subject' }).inputValue()).toBe(attack);
      },
      { bypassCSP },
    );
  }
  const feed = await (await fetch(`${at}/reviews.atom`)).text();
  expect(feed).not.toContain('<img');
  const policy = (await fetch(`${at}/reviews`)).headers.get('content-security-policy');
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('unsafe');
});

test('without script: find a review by its subject, look at its picture', async () => {
  await withPage(
    async (page) => {
      await page.goto(at);
      await page.getByRole('searchbox', { name: 'Subject' }).fill('COUNT users');
      await page.getByRole('combobox', { name: 'Verdict' }).selectOption('crc-break');
      await page.getByRole('button', { name: 'Show' }).click();
      expect(await page.getByRole('row').count()).toBe(2);
      await page.getByRole('link', { name: '[PATCH] mm: count users' }).click();
      await page.getByRole('heading', { level: 1, name: '[PATCH] mm: count users' }).waitFor();
      const picture = page.getByRole('img', { name: 'struct mm_struct, after: 208 bytes' });
      expect(await picture.count()).toBe(1);
      expect(await picture.locator('rect.new').count()).toBe(1);
      expect(await picture.locator('desc').textContent()).toContain('unsigned long later; offset 16, 8 bytes; moved');
    },
    { javaScriptEnabled: false },
  );
});

test('the explorer finds a type of a reference and shows what is free, who embeds it and which symbols reach it', async () => {
  await withPage(
    async (page) => {
      await page.goto(`${at}/references`);
      expect(await page.getByRole('row', { name: /small-6.1/ }).textContent()).toContain('1 of 2 versions as shipped');
      await page.getByRole('link', { name: 'small-6.1' }).click();
      await page.getByRole('searchbox', { name: 'Type' }).fill('SMALL');
      await page.getByRole('button', { name: 'Find' }).click();
      await page.getByRole('link', { name: 'struct small', exact: true }).click();
      expect(await page.getByRole('img', { name: 'struct small: 24 bytes' }).count()).toBe(1);
      const text = await page.getByRole('main').innerText();
      expect(text).toContain('4 bytes at 4 after a');
      expect(text).toContain('Reserved: kabi_reserved1');
      expect(text).toContain('use_small');
      expect(text).not.toContain('other');
      expect(await page.getByRole('link', { name: 'struct large' }).count()).toBe(1);
    },
    { javaScriptEnabled: false },
  );
  expect((await fetch(`${at}/references/nothing`)).status).toBe(404);
  expect((await fetch(`${at}/references/small-6.1/type?key=struct%20nothing`)).status).toBe(404);
  const found = await (await fetch(`${at}/references/small-6.1/types.json?q=small`)).json();
  expect(found).toMatchObject({ name: 'small-6.1', arch: 'x86_64', found: 1, types: ['struct small'] });
  const json = await (await fetch(`${at}/references/small-6.1/type.json?key=struct%20small`)).json();
  expect(json).toMatchObject({ key: 'struct small', shipped: [{ size: 24 }], embeddedIn: ['struct large'] });
});

test('a held reply is approved by who logs in, and by nobody else', async () => {
  const stateOf = async () =>
    (await store.query<{ state: string }>('select state from kabiwatch.delivery where review = $1', [ids[0]]))[0]
      ?.state;
  const [held] = await store.query<{ id: number }>('select id from kabiwatch.delivery where review = $1', [ids[0]]);
  const deliveryId = held?.id;
  const body = new URLSearchParams({ decision: 'approve', csrf: 'guess' });
  expect((await fetch(`${at}/deliveries/${deliveryId}`, { method: 'POST', body })).status).toBe(403);
  expect(await stateOf()).toBe('held');
  await withPage(async (page) => {
    await page.goto(`${at}/login`);
    await page.getByLabel('Token').fill('wrong');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Log in' }).click();
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
    const forged = await fetch(`${at}/deliveries/${deliveryId}`, {
      method: 'POST',
      body,
      headers: { cookie: `${cookie?.name}=${cookie?.value}` },
    });
    expect(forged.status).toBe(403);
    await page.getByRole('button', { name: 'Approve the reply to [PATCH] mm: count users' }).click();
    await page.getByRole('heading', { name: 'Deliveries' }).waitFor();
    expect(await stateOf()).toBe('planned');
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.goto(`${at}/deliveries?state=held`);
    expect(await page.getByRole('button', { name: /Approve/ }).count()).toBe(0);
  });
});

test('a parked job and mail that could not be read are shown with their reason; who logs in has the job tried again', async () => {
  const [parked] = await store.query<{ thread: number }>(
    `with thread as (insert into kabiwatch.thread default values returning id), mail as (
       insert into kabiwatch.message (message_id, thread, list, received_at, sender, subject, version, n, total, patch, title)
       select 'parked@x', id, 'a-list', now(), 'a@x', $1, 1, 1, 1, true, '' from thread)
     insert into kabiwatch.parked (thread, why) select id, 'it took too much memory' from thread returning thread`,
    [`[PATCH] bomb ${attack}`],
  );
  const thread = parked?.thread ?? 0;
  await store.query(
    `insert into kabiwatch.quarantine (host, mailbox, uid_validity, uid, size, why) values ('h', 'INBOX', 1, 7, 9, 'too large')`,
  );
  const dueOf = async () =>
    (
      await store.query('select 1 from kabiwatch.thread where id = $1 and due_at <= now() and review is not null', [
        thread,
      ])
    ).length;
  const body = new URLSearchParams({ csrf: 'guess' });
  expect((await fetch(`${at}/parked/${thread}`, { method: 'POST', body })).status).toBe(403);
  expect(await dueOf()).toBe(0);
  await withPage(async (page) => {
    await page.goto(`${at}/health`);
    const row = page.getByRole('region', { name: 'Parked', exact: true }).getByRole('row', { name: /bomb/ });
    expect(await row.innerText()).toContain('it took too much memory');
    expect(await page.getByRole('row', { name: /INBOX.*too large/ }).count()).toBe(1);
    expect(await page.getByRole('button', { name: /again/ }).count()).toBe(0);
    expect(await page.evaluate('window.hit')).toBeUndefined();
    await page.goto(`${at}/login`);
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.goto(`${at}/health`);
    await page.getByRole('button', { name: /^Try .* again$/ }).click();
    await page.getByRole('heading', { name: 'Health' }).waitFor();
    expect(await page.getByRole('region', { name: 'Parked', exact: true }).count()).toBe(0);
    expect(await dueOf()).toBe(1);
  });
  const json = await (await fetch(`${at}/health.json`)).json();
  expect(json).toMatchObject({ aside: { parked: [], quarantined: [{ uid: 7, host: '', why: 'too large' }] } });
  const details = Object.values((json as { parts: Record<string, { detail: string }> }).parts);
  expect(details.map(({ detail }) => detail)).toEqual(details.map(() => ''));
});

test('a finding stands under the line of the patch that it speaks of', async () => {
  await withPage(async (page) => {
    await page.goto(`${at}/reviews/r${ids[0]}`);
    const rows = await page
      .getByRole('region', { name: 'Lines of include/linux/s.h' })
      .getByRole('row')
      .allInnerTexts();
    expect(rows.slice(1).map((text) => text.split(/\s+/).filter(Boolean).join(' '))).toEqual([
      '10 @@ struct s {',
      '10 struct s {',
      '11 + int users; /* ü\ufffd */',
      'error member-inserted s: users is put in',
      '- int gone;',
      '12 };',
    ]);
    expect(await page.getByText('3000 lines are not shown here.').isVisible()).toBe(true);
  });
});

test('every page has its JSON, and the feed is well-formed', async () => {
  for (const path of [
    '/reviews.json',
    `/reviews/r${ids[0]}.json`,
    '/deliveries.json',
    '/references.json',
    '/health.json',
  ]) {
    const answer = await fetch(at + path);
    expect({ path, status: answer.status }).toEqual({ path, status: 200 });
    await answer.json();
  }
  await withPage(async (page) => {
    const errors = await page.goto(`${at}/login`).then(async () => {
      const feed = await (await fetch(`${at}/reviews.atom`)).text();
      return page.evaluate(
        `new DOMParser().parseFromString(${JSON.stringify(feed)}, 'application/xml').querySelectorAll('parsererror').length`,
      );
    });
    expect(errors).toBe(0);
  });
});

test('the page of a change of 200 structs comes within a second', async () => {
  await fetch(`${at}/reviews/r${ids[1]}`);
  const started = performance.now();
  const text = await (await fetch(`${at}/reviews/r${ids[1]}`)).text();
  const ms = performance.now() - started;
  console.log(`200 structs: ${Math.round(ms)} ms, ${Math.round(text.length / 1024)} KiB`);
  expect(text.match(/<svg class="map"/g)?.length).toBe(400);
  expect(ms).toBeLessThan(1000);
});
