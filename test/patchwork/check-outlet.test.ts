/** Results as checks in Patchwork: through the outbox of a whole service, and the adapter against everything the server may do. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { checkOutlet, verifyPatchwork } from '../../src/patchwork/check-outlet.js';
import { checkOf } from '../../src/service/check.js';
import { parseConfig } from '../../src/service/config-file.js';
import type { Check } from '../../src/service/ports.js';
import { mailOf, series } from '../demo/thread.js';
import { until } from '../servers/run.js';
import { configuration } from '../servers/service.js';
import { startSmallService } from '../servers/small-service.js';
import { emptyReview } from '../service/review.js';
import { type Patchwork, startPatchwork } from './emulator.js';

let patchwork: Patchwork;
beforeAll(() => {
  process.env.KABIWATCH_TEST_PASSWORD = 'secret';
});
beforeEach(async () => {
  patchwork = await startPatchwork('kernel', 'secret');
});
afterEach(async () => {
  expect(patchwork.wrongs).toEqual([]);
  await patchwork.stop();
});
afterAll(() => {
  delete process.env.KABIWATCH_TEST_PASSWORD;
});

const check: Check = {
  patches: ['1@x', '2@x'],
  state: 'fail',
  description: 'crc-break',
  url: 'https://k.example.org/r1',
};
const outlet = (token = 'secret') =>
  checkOutlet({ url: `${patchwork.url}/`, project: 'kernel', token: () => token, context: 'kabi', timeoutMs: 2000 });

test('each patch gets the check once, however often it is posted; another result is added', async () => {
  patchwork.patches.push('0@x', '1@x', '2@x');
  expect(await outlet().post(check)).toMatchObject({ kind: 'sent', response: '2 checks posted, 0 there already' });
  expect(await outlet().post(check)).toMatchObject({ kind: 'sent', response: '0 checks posted, 2 there already' });
  expect(await outlet().post({ ...check, state: 'success' })).toMatchObject({ kind: 'sent' });
  expect(patchwork.checks.map(({ patch, state, context }) => `${patch} ${state} ${context}`)).toEqual([
    '2 fail kabi',
    '3 fail kabi',
    '2 success kabi',
    '3 success kabi',
  ]);
});

test('a patch that is not there yet, a busy server and a lost answer are tried again; then nothing is there twice', async () => {
  patchwork.patches.push('1@x');
  expect(await outlet().post(check)).toMatchObject({ kind: 'retry', why: 'Patchwork has no patch 2@x yet' });
  patchwork.patches.push('2@x');
  patchwork.plan.push(503);
  expect(await outlet().post(check)).toMatchObject({ kind: 'retry', why: expect.stringContaining('503') });
  // Patch 1 is asked for and has its check; patch 2 is asked for, its checks are read, and the answer to the post is lost.
  patchwork.plan.push('go', 'go', 'go', 'go', 'lost');
  expect(await outlet().post(check)).toMatchObject({ kind: 'retry' });
  expect(patchwork.checks).toHaveLength(2);
  expect(await outlet().post(check)).toMatchObject({ kind: 'sent' });
  expect(patchwork.checks).toHaveLength(2);
});

test('a wrong token and a server without API 1.2 are for a person', async () => {
  patchwork.patches.push('1@x', '2@x');
  expect(await outlet('wrong').post(check)).toMatchObject({ kind: 'failed', why: expect.stringContaining('403') });
  patchwork.plan.push(404);
  expect(await outlet().post(check)).toMatchObject({ kind: 'failed' });
  expect(patchwork.checks).toEqual([]);
});

test('doctor asks for the project', async () => {
  const account = { url: patchwork.url, token: () => 'secret', context: 'kabi', timeoutMs: 2000 };
  expect(await verifyPatchwork({ ...account, project: 'kernel' })).toBe('The kernel');
  await expect(verifyPatchwork({ ...account, project: 'other' })).rejects.toThrow('404');
});

test('a server that is not there is tried again', async () => {
  const gone = checkOutlet({
    url: 'http://127.0.0.1:1',
    project: 'kernel',
    token: () => 'secret',
    context: 'kabi',
    timeoutMs: 2000,
  });
  expect(await gone.post(check)).toMatchObject({ kind: 'retry' });
});

test('what is posted: nothing in dry-run, and no red for what nobody promised', () => {
  const config = (list: Record<string, unknown>) =>
    parseConfig(
      configuration(
        '/x',
        { imapPort: 1, user: 'u', mailbox: 'm', smtpPort: 1 },
        { patchwork: { url: patchwork.url, project: 'kernel', token: { env: 'X' } } },
        list,
      ),
      'x.yaml',
    );
  const result = (verdict: 'none' | 'crc-break' | 'silent-break') =>
    ({ review: emptyReview({ verdict }), subject: 's' }) as never;
  const stateIn = (list: Record<string, unknown>, verdict: 'none' | 'crc-break' | 'silent-break') => {
    const made = config(list);
    return checkOf(result(verdict), 1, made.lists[0] as never, made)?.state ?? null;
  };
  expect(stateIn({ mode: 'dry-run' }, 'crc-break')).toBeNull();
  expect(stateIn({ mode: 'list' }, 'none')).toBe('success');
  expect(stateIn({ mode: 'list' }, 'crc-break')).toBe('fail');
  expect(stateIn({ mode: 'list', promise: 'advisory' }, 'crc-break')).toBe('success');
  expect(stateIn({ mode: 'author', promise: 'advisory' }, 'silent-break')).toBe('fail');
});

test('a service posts its result when Patchwork has read the list, once', async () => {
  const { imap, smtp, service, stop } = await startSmallService((folder, servers) =>
    configuration(
      folder,
      servers,
      {
        patchwork: { url: patchwork.url, project: 'kernel', token: { env: 'KABIWATCH_TEST_PASSWORD' } },
        posting: { retry: '1s' },
        web: { listen: '127.0.0.1:0', url: 'https://k.example.org/' },
      },
      { mode: 'list', answerWithin: '9999d' },
    ),
  );
  try {
    const parts = series('patchwork');
    for (const part of parts) imap.deliver(mailOf(part));
    const waits = () =>
      service.lines.some(
        ({ msg, why }) => msg === 'reply refused for now' && String(why).startsWith('Patchwork has no'),
      );
    await until('Patchwork lacks the patch', waits, 60_000);
    patchwork.patches.push(...parts.slice(1).map(({ id }) => id));
    await until('the checks are there', () => patchwork.checks.length === 2, 30_000);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(patchwork.checks).toMatchObject([
      { patch: 1, context: 'kabiwatch', target_url: 'https://k.example.org/reviews/r1' },
      { patch: 2, context: 'kabiwatch' },
    ]);
    expect(smtp.mails.length).toBeLessThanOrEqual(1);
  } finally {
    await stop();
  }
}, 120_000);
