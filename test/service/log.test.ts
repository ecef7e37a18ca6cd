import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { startLog } from '../../src/service/log.js';

test('what a key calls a secret, and a password in a URL, are in no line', () => {
  let lines = '';
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines += chunk;
      done();
    },
  });
  const log = startLog('info', sink);
  const url = 'postgres://bot:hunter2@db/kabiwatch';
  log.info({ password: 'hunter2', why: url, list: { account: { pass: 'hunter2' } } }, `cannot open ${url}`);
  log.error({ err: new Error(`refused by ${url}`), app: { privateKey: 'hunter2', webhookSecret: 'hunter2' } });
  log.warn({ headers: [{ authorization: 'Bearer hunter2' }], uid: 7 });
  expect(lines).not.toContain('hunter2');
  expect(
    lines
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line).level),
  ).toEqual([30, 50, 40]);
  expect(lines).toContain('"uid":7');
  expect(lines).toContain('postgres://bot:[secret]@db/kabiwatch');
});
