/** How long GitHub is left alone after it refused. */
import { expect, test } from '@jest/globals';
import { pauseAfter } from '../../src/github/forge.js';

const now = new Date('2026-01-01T00:00:00Z');
const refusal = (status: number, message: string, headers: Record<string, string> = {}) => ({
  status,
  message,
  response: { headers },
});
const secondary = 'You have exceeded a secondary rate limit.';

test('its own word is kept', () => {
  expect(pauseAfter(refusal(403, secondary, { 'retry-after': '90' }), 3, now)).toBe(90_500);
});

test('the reset counts only where nothing remains', () => {
  const reset = String(now.getTime() / 1000 + 600);
  const headers = { 'x-ratelimit-reset': reset, 'x-ratelimit-remaining': '0' };
  expect(pauseAfter(refusal(403, 'API rate limit exceeded', headers), 0, now)).toBe(601_000);
  const some = { ...headers, 'x-ratelimit-remaining': '4000' };
  expect(pauseAfter(refusal(403, secondary, some), 0, now)).toBe(60_000);
  expect(pauseAfter(refusal(502, 'Bad gateway', headers), 0, now)).toBe(2000);
});

test('a limit without a time is a minute, doubled each time, at most an hour', () => {
  const pauses = [0, 1, 2, 5, 6, 50].map((failures) => pauseAfter(refusal(429, 'Too many'), failures, now));
  expect(pauses).toEqual([60_000, 120_000, 240_000, 1_920_000, 3_600_000, 3_600_000]);
  expect(pauseAfter(refusal(403, secondary), 0, now)).toBe(60_000);
});

test('a permission that lacks and a dropped connection are no limit', () => {
  expect(pauseAfter(refusal(403, 'Resource not accessible by integration'), 0, now)).toBe(2000);
  expect(pauseAfter(new Error('socket hang up'), 1, now)).toBe(4000);
});
