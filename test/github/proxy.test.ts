/** Behind a proxy: API calls and git go through it, and the App works. */
import { createServer, request as forward, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { proxiedFetch } from '../../src/github/proxy.js';
import { convertManifest } from '../../src/github/setup.js';
import { closeStore, startApp } from './app.js';
import { startEmulator } from './emulator.js';
import { header, openPull } from './scene.js';

const seen = { tunnels: 0, requests: 0 };
let proxy: Server;
let address = '';
const before = process.env.http_proxy;
beforeAll(async () => {
  proxy = createServer((request, response) => {
    seen.requests++;
    const url = new URL(request.url ?? '');
    const { method, headers } = request;
    const onward = forward(
      { host: url.hostname, port: url.port, path: url.pathname + url.search, method, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  proxy.on('connect', (request, socket) => {
    seen.tunnels++;
    const [host = '', port = ''] = (request.url ?? '').split(':');
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket);
      socket.pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
});
afterAll(async () => {
  if (before === undefined) delete process.env.http_proxy;
  else process.env.http_proxy = before;
  proxy.closeAllConnections();
  await new Promise((resolve) => proxy.close(resolve));
  await closeStore();
});

test('API calls and git go through the proxy that the environment names', async () => {
  process.env.http_proxy = address;
  const app = await startApp();
  try {
    await openPull(app.github, { 'include/linux/s.h': header(40, { 5: 'a' }) });
    await app.settle();
    expect(app.github.comments(1)).toHaveLength(1);
    expect(app.github.wrongs).toEqual([]);
    expect(seen.tunnels + seen.requests).toBeGreaterThan(2);
    const asked = app.github.calls.filter(({ name }) => name !== 'git').length;
    expect(asked).toBeGreaterThan(5);
    // git asks without a tunnel, calls share few tunnels.
    expect(seen.requests).toBeGreaterThan(0);
    expect(seen.tunnels).toBeGreaterThan(0);
  } finally {
    delete process.env.http_proxy;
    await app.stop();
  }
});

test('making the App goes through it, too', async () => {
  const github = await startEmulator();
  process.env.http_proxy = address;
  const before = seen.tunnels + seen.requests;
  try {
    expect(await convertManifest(`${github.url}/api/v3`, 'good-code')).toMatchObject({ webhookSecret: github.secret });
    expect(seen.tunnels + seen.requests).toBeGreaterThan(before);
  } finally {
    delete process.env.http_proxy;
    await github.stop();
  }
});

test('no proxy named: Node’s own fetch; an unreachable one: an error, never a direct call', async () => {
  expect(proxiedFetch({})).toBeNull();
  const closed = proxiedFetch({ http_proxy: 'http://127.0.0.1:9' });
  await expect(closed?.('http://127.0.0.1:1/')).rejects.toThrow();
});
