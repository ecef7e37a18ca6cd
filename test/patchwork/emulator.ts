/**
 * A small Patchwork: the two resources of its REST API 1.2 that a check needs, with the server's own validation (its check serializer and
 * model: the state is one of four words, the context a slug, the address a URL). Checks are only ever added, as there.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface PostedCheck {
  readonly patch: number;
  readonly id: number;
  readonly state: string;
  readonly context: string;
  readonly description: string;
  readonly target_url: string;
}

export interface Patchwork {
  readonly url: string;
  /** Message-IDs without angle brackets; a patch's id is its place, from 1. */
  readonly patches: string[];
  readonly checks: PostedCheck[];
  /** Requests that the real server would refuse. */
  readonly wrongs: string[];
  /** What the next answers are instead: a status, `lost` for a check that is kept without an answer, `go` for none. */
  readonly plan: (number | 'go' | 'lost')[];
  stop(): Promise<void>;
}

export async function startPatchwork(project: string, token: string): Promise<Patchwork> {
  const patches: string[] = [];
  const checks: PostedCheck[] = [];
  const wrongs: string[] = [];
  const plan: (number | 'go' | 'lost')[] = [];
  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) => {
      wrongs.push(error.message);
      response.writeHead(500).end();
    });
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x');
    const send = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const next = plan.shift();
    if (typeof next === 'number') return void send(next, { detail: 'as planned' });
    if (pathname === '/api/1.2/patches/') {
      if (searchParams.get('project') !== project) return void send(400, { project: ['no such project'] });
      const msgid = searchParams.get('msgid');
      if (msgid?.startsWith('<')) wrongs.push('the filter adds the angle brackets itself');
      const found = patches.flatMap((id, at) =>
        msgid === null || id === msgid ? [{ id: at + 1, msgid: `<${id}>` }] : [],
      );
      return void send(200, found);
    }
    if (pathname === `/api/1.2/projects/${project}/`)
      return void send(200, { id: 1, name: 'The kernel', link_name: project });
    const [, id] = /^\/api\/1\.2\/patches\/(\d+)\/checks\/$/.exec(pathname) ?? [];
    const patch = Number(id);
    if (id === undefined || patches[patch - 1] === undefined) return void send(404, { detail: 'Not found.' });
    if (request.method === 'GET')
      return void send(
        200,
        checks.filter((one) => one.patch === patch),
      );
    if (request.headers.authorization !== `Token ${token}`) return void send(403, { detail: 'Invalid token.' });
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Omit<PostedCheck, 'id' | 'patch'>;
    const refused = refusalOf(body);
    if (refused !== null) {
      wrongs.push(refused);
      return void send(400, { detail: refused });
    }
    checks.push({ ...body, patch, id: checks.length + 1 });
    if (next === 'lost') return void response.destroy();
    send(201, checks.at(-1));
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    patches,
    checks,
    wrongs,
    plan,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function refusalOf({ state, context, target_url }: Omit<PostedCheck, 'id' | 'patch'>): string | null {
  if (!['pending', 'success', 'warning', 'fail'].includes(state)) return `state: "${state}" is not a valid choice.`;
  if (!/^[-\w]{1,255}$/.test(context)) return `context: "${context}" is no slug`;
  if (target_url !== '' && !URL.canParse(target_url)) return `target_url: "${target_url}" is no URL`;
  return null;
}
