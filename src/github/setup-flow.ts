/**
 * GitHub's flow for making an App from a manifest, as a person goes through it: a page here with a button, GitHub's form, and back with a
 * code. Listens on this machine only, for one App, and takes no code but the one it asked for.
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { xml } from '../report/escape.js';
import { convertManifest, manifestFor, type NewApp } from './setup.js';

export interface SetupFlow {
  /** Where GitHub reaches the service. */
  readonly url: string;
  /** `https://api.github.com`, or `https://HOST/api/v3`. */
  readonly apiUrl: string;
  /** null: the App is the person's own. */
  readonly organisation: string | null;
  /** 0: any that is free. */
  readonly port: number;
}

/** Where the form goes: the pages of a host whose API is asked. */
export function pagesOf(apiUrl: string): string {
  const url = new URL(apiUrl);
  return url.hostname === 'api.github.com' ? 'https://github.com' : url.origin;
}

/** `opened` gets the address to open; resolves with the App once GitHub gave its code, rejects where the code is refused. */
export function setUpApp(flow: SetupFlow, opened: (address: string) => void): Promise<NewApp> {
  const state = randomUUID();
  return new Promise((resolve, reject) => {
    const server = createServer((request, response) => {
      const { port } = server.address() as AddressInfo;
      const asked = new URL(request.url ?? '/', `http://localhost:${port}`);
      const code = asked.searchParams.get('code');
      const say = (status: number, html: string) =>
        response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', connection: 'close' }).end(html);
      if (asked.pathname !== '/') return say(404, page('<p>Nothing is here.</p>'));
      if (code === null) return say(200, page(form(flow, state, `http://localhost:${port}`)));
      if (asked.searchParams.get('state') !== state)
        return say(403, page('<p>This is not the answer that was asked for.</p>'));
      convertManifest(flow.apiUrl, code).then(
        (app) => {
          say(200, page('<p>The App was made. Its secrets are being written where the command was started.</p>'));
          server.close();
          resolve(app);
        },
        (error: Error) => {
          say(502, page('<p>GitHub did not take the code; the command says why.</p>'));
          server.close();
          reject(error);
        },
      );
    });
    server.on('error', reject);
    server.listen(flow.port, '127.0.0.1', () => opened(`http://localhost:${(server.address() as AddressInfo).port}`));
  });
}

function form({ url, apiUrl, organisation }: SetupFlow, state: string, back: string): string {
  const owner = organisation === null ? '' : `/organizations/${encodeURIComponent(organisation)}`;
  const action = `${pagesOf(apiUrl)}${owner}/settings/apps/new?state=${state}`;
  return `<form method="post" action="${xml(action)}"><input type="hidden" name="manifest" value="${xml(manifestFor(url, back))}">
<p>kabiwatch at ${xml(url)} asks GitHub for an App of its own.</p><button>Make the App on GitHub</button></form>`;
}

function page(body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>kabiwatch</title><body>${body}</body></html>`;
}
