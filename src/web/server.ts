/** The HTTP server: `/healthz` and `/metrics`; pages are mounted beside them. */
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import type { Health } from '../service/health.js';
import type { Metrics } from '../service/metrics.js';

/** 200 while every part works, 503 with the same body while one does not. `/livez` says only that the process answers. */
export function healthRoutes(health: Health, metrics: Metrics): Hono {
  const app = new Hono();
  app.get('/livez', (context) => context.json({ ok: true }));
  app.get('/healthz', (context) => {
    const state = health.read();
    return context.json(state, state.ok ? 200 : 503);
  });
  app.get('/metrics', async (context) => {
    for (const [part, { ok }] of Object.entries(health.read().parts)) metrics.parts.set({ part }, ok ? 1 : 0);
    return context.body(await metrics.registry.metrics(), 200, { 'content-type': metrics.registry.contentType });
  });
  return app;
}

export interface WebServer {
  readonly port: number;
  close(): Promise<void>;
}

/** `listen` is ADDRESS:PORT; port 0 takes a free one. Rejects when the address is taken. */
export function startServer(app: Hono, listen: string): Promise<WebServer> {
  const [, hostname = '127.0.0.1', port = '0'] = /^\[?(.*?)\]?:(\d+)$/.exec(listen) ?? [];
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: hostname || '0.0.0.0', port: Number(port) }, (info) =>
      resolve({
        port: info.port,
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            if ('closeAllConnections' in server) server.closeAllConnections();
          }),
      }),
    );
    server.once('error', reject);
  });
}
