/** GitHub's own examples of every webhook there is: what is listened to is understood, the rest passed over, nothing throws. */
import { createRequire } from 'node:module';
import { expect, test } from '@jest/globals';
import { readEvent } from '../../src/github/events.js';
import { appId } from './identity.js';

const all = createRequire(import.meta.url)('@octokit/webhooks-examples') as {
  readonly name: string;
  readonly examples: readonly Record<string, unknown>[];
}[];

const installed = (payload: Record<string, unknown>) => ({ ...payload, installation: { id: 99 } });

test('each example of each event', () => {
  const told = new Map<string, Set<string>>();
  for (const { name, examples } of all) {
    for (const payload of examples) {
      const { kind } = readEvent(name, installed(payload), appId);
      told.set(kind, (told.get(kind) ?? new Set()).add(name));
    }
  }
  expect([...(told.get('pulls') ?? [])].sort()).toEqual(['pull_request']);
  expect([...(told.get('push') ?? [])]).toEqual(['push']);
  expect([...(told.get('installed') ?? [])].sort()).toEqual(['installation', 'installation_repositories']);
  expect(told.get('nothing')?.size).toBeGreaterThan(40);
});

const push = (over: Record<string, unknown>) =>
  readEvent(
    'push',
    {
      installation: { id: 99 },
      repository: { full_name: 'acme/linux', clone_url: 'https://github.com/acme/linux.git' },
      ref: 'refs/heads/main',
      before: 'a'.repeat(40),
      after: 'b'.repeat(40),
      ...over,
    },
    appId,
  );

test('a push begins where it says, a new branch at what is new, and nothing odd reaches git', () => {
  expect(push({})).toMatchObject({ kind: 'push', notice: { branch: 'main', from: 'a'.repeat(40) } });
  const none = '0'.repeat(40);
  expect(push({ before: none })).toMatchObject({ notice: { from: 'b'.repeat(40) } });
  expect(push({ before: none, commits: [{ id: 'c'.repeat(40) }] })).toMatchObject({
    notice: { from: `${'c'.repeat(40)}^` },
  });
  for (const odd of [
    { before: '--upload-pack=x' },
    { commits: [{ id: 'HEAD' }] },
    { ref: 'refs/tags/v1' },
    { ref: null },
    { deleted: true },
  ])
    expect(push(odd).kind).toBe('nothing');
});
