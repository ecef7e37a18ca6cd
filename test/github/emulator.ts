/**
 * A GitHub that holds real state: repositories in git, pull requests, checks, comments, permissions, webhooks. Each request and each
 * answer is held against GitHub's own description (schema.ts); a mismatch is a 500 here and a line in `wrongs`, which tests hold empty.
 *
 *   const github = await startEmulator();
 *   const pull = await github.openPull('acme/linux', { base: 'main', head: 'topic', title: 'mm: x' });
 *   github.comments(pull.number), github.checks(head), github.calls
 */
import { createHmac, createVerify, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { run, scratchFolder } from '../servers/run.js';
import { serveGit } from './git-server.js';
import { appId } from './identity.js';
import { RateLimits } from './limits.js';
import { routes } from './routes.js';
import { answerOf, wrongAnswer, wrongRequest } from './schema.js';

export type Permissions = Readonly<Record<string, 'read' | 'write'>>;

export interface Pull {
  readonly repo: string;
  readonly number: number;
  title: string;
  state: 'open' | 'closed';
  draft: boolean;
  readonly author: string;
  readonly headRepo: string;
  readonly headRef: string;
  baseRef: string;
  headSha: string;
  readonly labels: Set<string>;
  body?: string;
}

export interface Comment {
  readonly id: number;
  readonly repo: string;
  /** The pull request, or the commit. */
  readonly on: number | string;
  readonly user: string;
  readonly bot: boolean;
  readonly createdAt: string;
  body: string;
  readonly reactions: string[];
  /** Of a review comment. */
  readonly place?: {
    readonly path: string;
    readonly line: number;
    readonly startLine?: number;
    readonly commit: string;
  };
}

export interface Check {
  readonly id: number;
  readonly repo: string;
  readonly headSha: string;
  name: string;
  externalId: string | null;
  detailsUrl: string | null;
  status: string;
  conclusion: string | null;
  output: { title: string | null; summary: string | null; text: string | null };
  readonly annotations: Record<string, unknown>[];
  actions: unknown[];
}

/** What goes wrong with a call: nothing is done and the status is answered; or it is done, and the answer is lost. */
export type Fault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly message?: string;
    }
  | { readonly kind: 'drop' }
  | { readonly kind: 'drop-after' }
  | { readonly kind: 'status-after'; readonly status: number };

export interface Call {
  readonly name: string;
  readonly path: string;
  readonly status: number;
}

export interface Asked {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Record<string, unknown>;
  readonly accept: string;
}

export type Answer = {
  readonly status: number;
  readonly body?: unknown;
  readonly text?: string;
  readonly total?: number;
  /** Of the next page, where a list has no numbered ones. */
  readonly cursor?: string;
};

export interface Repository {
  readonly name: string;
  readonly git: string;
  /** By login; anybody else reads. */
  readonly people: Map<string, 'admin' | 'write' | 'read'>;
  private: boolean;
}

/** Made once for a test file: a key takes a third of a second. */
let keys: { readonly privateKey: KeyObject; readonly publicKey: KeyObject } | null = null;

export class Emulator {
  readonly root = scratchFolder('github');
  readonly secret = 'it is a secret to everybody';
  readonly privateKey: string;
  readonly #publicKey: KeyObject;
  readonly repositories = new Map<string, Repository>();
  readonly pulls: Pull[] = [];
  readonly allComments: Comment[] = [];
  readonly allChecks: Check[] = [];
  readonly calls: Call[] = [];
  /** What did not follow GitHub's description. */
  readonly wrongs: string[] = [];
  readonly tokens = new Map<string, Permissions>();
  readonly deliveries: {
    id: number;
    guid: string;
    event: string;
    action: string | null;
    status: number;
    body: string;
    at: Date;
  }[] = [];
  permissions: Permissions = {
    checks: 'write',
    contents: 'read',
    issues: 'write',
    metadata: 'read',
    pull_requests: 'write',
  };
  readonly events: string[] = [];
  readonly limits = new RateLimits();
  /** Time as the App has it, where a test moves it. */
  now: () => number = Date.now;
  fault: (call: string, count: number, path: string) => Fault | null = () => null;
  webhookUrl: string | null = null;
  url = '';
  #nextId = 1000;
  #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: Error) => {
      this.wrongs.push(`emulator: ${error.stack}`);
      response.writeHead(500).end();
    });
  });

  constructor() {
    keys ??= generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.privateKey = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    this.#publicKey = keys.publicKey;
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    this.root.remove();
  }

  id(): number {
    return this.#nextId++;
  }

  checks(headSha: string): Check[] {
    return this.allChecks.filter((check) => check.headSha === headSha);
  }

  comments(number: number): Comment[] {
    return this.allComments.filter((comment) => comment.on === number && comment.place === undefined);
  }

  pull(repo: string, number: number): Pull | undefined {
    return this.pulls.find((pull) => pull.repo === repo && pull.number === number);
  }

  async git(repo: string, ...args: string[]): Promise<string> {
    const { stdout } = await run('git', ['-C', this.repositories.get(repo)?.git ?? '', ...args], {
      maxBuffer: 256 * 1024 * 1024,
    });
    return stdout.trim();
  }

  async addRepository(name: string): Promise<Repository> {
    const git = join(this.root.path, `${name}.git`);
    await run('git', ['init', '-q', '--bare', '-b', 'main', git]);
    for (const [key, value] of [
      ['uploadpack.allowFilter', 'true'],
      ['uploadpack.allowAnySHA1InWant', 'true'],
    ] as const)
      await run('git', ['-C', git, 'config', key, value]);
    const repository: Repository = { name, git, people: new Map(), private: false };
    this.repositories.set(name, repository);
    return repository;
  }

  /** A commit on a branch, made from the files given (null removes); returns its id. `from` starts the branch there. */
  async commit(
    repo: string,
    branch: string,
    files: Readonly<Record<string, string | null>>,
    message: string,
    from?: string,
  ): Promise<string> {
    const parent =
      from ?? (await this.git(repo, 'rev-parse', '-q', '--verify', `refs/heads/${branch}`).catch(() => ''));
    const author = 'A Author <author@example.org> 1735689600 +0000';
    const lines = [`commit refs/heads/${branch}`, 'mark :1', `author ${author}`, `committer ${author}`];
    const chunks: Buffer[] = [Buffer.from(`${lines.join('\n')}\ndata ${Buffer.byteLength(message)}\n${message}\n`)];
    if (parent !== '') chunks.push(Buffer.from(`from ${parent}\n`));
    for (const [path, text] of Object.entries(files)) {
      chunks.push(
        Buffer.from(
          text === null ? `D ${path}\n` : `M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`,
        ),
      );
    }
    await this.importInto(repo, Buffer.concat(chunks));
    return this.git(repo, 'rev-parse', `refs/heads/${branch}`);
  }

  /** A stream of `git fast-import`. */
  async importInto(repo: string, stream: Buffer | string): Promise<void> {
    const importing = run('git', ['-C', this.repositories.get(repo)?.git ?? '', 'fast-import', '--quiet', '--force']);
    importing.child.stdin?.end(stream);
    await importing;
  }

  /** Makes a token as the API would, for the permissions of the installation. */
  token(): string {
    const token = `ghs_${randomUUID().replaceAll('-', '')}`;
    this.tokens.set(token, this.permissions);
    return token;
  }

  /** One signed delivery; the status that the app answered. */
  async send(event: string, payload: unknown, how: { guid?: string; secret?: string } = {}): Promise<number> {
    const guid = how.guid ?? randomUUID();
    const body = JSON.stringify(payload);
    const status = await this.#post(event, guid, body, how.secret ?? this.secret);
    this.deliveries.push({
      id: this.id(),
      guid,
      event,
      action: (payload as { action?: string }).action ?? null,
      status,
      body,
      at: new Date(this.now()),
    });
    return status;
  }

  async redeliver(id: number): Promise<void> {
    const old = this.deliveries.find((delivery) => delivery.id === id);
    if (old === undefined) throw new Error(`no delivery ${id}`);
    const status = await this.#post(old.event, old.guid, old.body, this.secret);
    this.deliveries.push({ ...old, id: this.id(), status, at: new Date(this.now()) });
  }

  async #post(event: string, guid: string, body: string, secret: string): Promise<number> {
    if (this.webhookUrl === null) return 0;
    const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
    try {
      const response = await fetch(this.webhookUrl, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-github-event': event,
          'x-github-delivery': guid,
          'x-hub-signature-256': signature,
          'user-agent': 'GitHub-Hookshot/emulated',
        },
        body,
      });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return 0;
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    if (url.pathname.startsWith('/git/')) return this.#git(request, response);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const path = url.pathname.replace(/^\/api\/v3/, '');
    const found = routes.flatMap((route) => {
      const match = route.method === request.method ? route.pattern.exec(path) : null;
      return match === null ? [] : [{ route, params: match.groups ?? {} }];
    })[0];
    const name = found?.route.name ?? `${request.method} ${path}`;
    const say = (answer: Answer) => {
      this.calls.push({ name, path, status: answer.status });
      response.writeHead(answer.status, {
        'content-type': answer.text === undefined ? 'application/json; charset=utf-8' : 'text/plain; charset=utf-8',
        ...this.limits.headers(),
        ...this.#link(url, answer),
      });
      response.end(answer.text ?? (answer.body === undefined ? undefined : JSON.stringify(answer.body)));
    };
    const fault = this.fault(name, this.calls.length, path);
    if (fault?.kind === 'drop') {
      this.calls.push({ name, path, status: 0 });
      request.socket.destroy();
      return;
    }
    if (fault?.kind === 'status') {
      for (const [key, value] of Object.entries(fault.headers ?? {})) response.setHeader(key, value);
      return say({ status: fault.status, body: { message: fault.message ?? 'fault', documentation_url: '' } });
    }
    if (found === undefined) {
      this.wrongs.push(`no such path: ${name}`);
      return say({ status: 404, body: { message: 'Not Found' } });
    }
    const limited = this.limits.refuse(this.now(), found.route.method !== 'GET' && found.route.needs !== 'app');
    if (limited !== null) {
      if (limited.after !== null) response.setHeader('retry-after', String(limited.after));
      return say({ status: 403, body: { message: limited.message, documentation_url: '' } });
    }
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    const refused = this.#refuse(found.route, request.headers.authorization ?? '');
    if (refused !== null) return say(refused);
    const badRequest = wrongRequest(name, url.searchParams, body);
    if (badRequest !== null) {
      this.wrongs.push(`request ${name}: ${badRequest}`);
      return say({ status: 422, body: { message: badRequest } });
    }
    const params = Object.fromEntries(
      Object.entries(found.params).map(([key, value]) => [key, decodeURIComponent(value)]),
    );
    const asked: Asked = { params, query: url.searchParams, body, accept: request.headers.accept ?? '' };
    const answer = await found.route.answer(this, asked);
    if (answer.status < 300 && answer.text === undefined && answer.status !== 204) {
      const full = answerOf(name, answer.status, answer.body);
      const badAnswer = wrongAnswer(name, answer.status, full);
      if (badAnswer !== null) this.wrongs.push(`answer ${name}: ${badAnswer}`);
      if (fault?.kind === 'drop-after') {
        this.calls.push({ name, path, status: 0 });
        request.socket.destroy();
        return;
      }
      if (fault?.kind === 'status-after') return say({ status: fault.status, body: { message: 'Server Error' } });
      return say({ ...answer, body: full });
    }
    say(answer);
  }

  #link(url: URL, answer: Answer): Record<string, string> {
    const next = new URL(url);
    if (answer.cursor !== undefined) {
      next.searchParams.set('cursor', answer.cursor);
      return { link: `<${next.href}>; rel="next"` };
    }
    const perPage = Number(url.searchParams.get('per_page') ?? 30);
    const page = Number(url.searchParams.get('page') ?? 1);
    if (answer.total === undefined || page * perPage >= answer.total) return {};
    next.searchParams.set('page', String(page + 1));
    return { link: `<${next.href}>; rel="next"` };
  }

  #refuse(route: (typeof routes)[number], authorization: string): Answer | null {
    const [, token = ''] = /^(?:bearer|token) (.+)$/i.exec(authorization) ?? [];
    if (route.needs === 'nobody') return null;
    if (route.needs === 'app') {
      return this.#isApp(token) ? null : { status: 401, body: { message: 'A JSON web token could not be decoded' } };
    }
    const permissions = this.tokens.get(token);
    if (permissions === undefined) return { status: 401, body: { message: 'Bad credentials' } };
    const allowed = route.needs.split('|').some((alternative) => {
      const [area = '', level = ''] = alternative.split(':');
      return permissions[area] === 'write' || permissions[area] === level;
    });
    return allowed ? null : { status: 403, body: { message: 'Resource not accessible by integration' } };
  }

  #isApp(jwt: string): boolean {
    const [head = '', claims = '', signature = ''] = jwt.split('.');
    const verify = createVerify('RSA-SHA256').update(`${head}.${claims}`);
    if (!verify.verify(this.#publicKey, Buffer.from(signature, 'base64url'))) return false;
    const { iss, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { iss: unknown; exp: number };
    return Number(iss) === appId && exp * 1000 > Date.now();
  }

  #git(request: IncomingMessage, response: ServerResponse): void {
    const [, basic = ''] = /^basic (.+)$/i.exec(request.headers.authorization ?? '') ?? [];
    const [, token = ''] = /^x-access-token:(.+)$/.exec(Buffer.from(basic, 'base64').toString()) ?? [];
    const permissions = this.tokens.get(token);
    const readable = permissions?.contents !== undefined;
    this.calls.push({ name: 'git', path: request.url ?? '', status: readable ? 200 : 401 });
    if (!readable) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="GitHub"' }).end();
      return;
    }
    serveGit(this.root.path, request, response);
  }
}

export async function startEmulator(): Promise<Emulator> {
  return new Emulator().start();
}
