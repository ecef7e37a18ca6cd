import { expect, test } from '@jest/globals';
import { isVouched, readVouchings } from '../../src/mail/authentication.js';

const fields = (...results: string[]) => new Map([['authentication-results', results]]);
const vouched = (address: string, ...results: string[]) =>
  isVouched(readVouchings(fields(...results)), 'MX.example.net', address);

test.each([
  ['a signature of the very domain', 'mx.example.net; dkim=pass header.d=example.org header.s=a', true],
  ['DMARC', 'mx.example.net; dmarc=pass (p=none) header.from=example.org', true],
  ['with a version and an identity', 'mx.example.net 1; dkim=pass (2048-bit) header.i=@Example.org', true],
  ['a signature of another', 'mx.example.net; dkim=pass header.d=evil.example', false],
  ['a domain below is not the domain', 'mx.example.net; dkim=pass header.d=lists.example.org', false],
  ['a failure', 'mx.example.net; dkim=fail header.d=example.org; dmarc=fail header.from=example.org', false],
  ['SPF says nothing about From', 'mx.example.net; spf=pass smtp.mailfrom=example.org', false],
  ['in a comment', 'mx.example.net; dkim=none (dkim=pass header.d=example.org)', false],
  ['a split comment', 'mx.example.net; dkim=none (; dkim=pass header.d=example.org)', false],
  ['another server', 'evil.example; dkim=pass header.d=example.org', false],
  ['passes and the rest is glued', 'mx.example.net; dkim=passed header.d=example.org', false],
])('%s: %s', (_, result, wanted) => {
  expect(vouched('a@example.org', result)).toBe(wanted);
});

test('of several fields of the server the first counts: those below came with the mail', () => {
  const forged = 'mx.example.net; dkim=pass header.d=example.org';
  expect(vouched('a@example.org', 'mx.example.net; dkim=none', forged)).toBe(false);
  expect(vouched('a@example.org', 'relay.example; spf=none', forged)).toBe(true);
});
