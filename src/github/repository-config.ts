/**
 * `.github/kabiwatch.yml` of a repository over the one of its organisation's `.github` repository: keys of the nearer file win. Only ever
 * read from the base branch; what a pull request proposes to it has no effect before it is merged.
 */
import { isMap, isNode, isScalar, LineCounter, type Pair, parseDocument } from 'yaml';
import { z } from 'zod';
import { architectures, verdicts } from '../kabi/review.js';
import type { Client } from './app.js';

export const configPath = '.github/kabiwatch.yml';

const Full = z.strictObject({
  /** Names of references that the service has; each is judged for its architecture. */
  references: z
    .array(
      z
        .string()
        .regex(/^\w[\w.+-]*$/, 'the name of a reference, not a path')
        .max(100),
    )
    .max(16),
  /** enforced: a break fails the check. advisory: nothing is promised, a break is told. */
  policy: z.enum(['advisory', 'enforced']),
  /** Besides those of the references; x86_64 where neither is given. */
  architectures: z.array(z.enum(architectures)).min(1),
  /** Only pull requests that touch such a path are reviewed; `*` stays within a folder, `**` does not. */
  paths: z.array(z.string().min(1).max(200)),
  /** Only pull requests into such a branch. */
  branches: z.array(z.string().min(1)),
  comment: z.enum(['findings', 'always', 'never']),
  /** Branches: where a reviewed change lands there, its last commit gets a comment. */
  landed: z.array(z.string().min(1).max(200)),
  drafts: z.boolean(),
  /** Label by verdict; labels named here are taken off again when they no longer hold. */
  labels: z.partialRecord(z.enum(verdicts), z.string().min(1).max(50)),
});

const Shape = Full.partial();

export type RepositoryConfig = Readonly<z.infer<typeof Full>>;

export const defaults: RepositoryConfig = {
  references: [],
  policy: 'enforced',
  architectures: [],
  paths: [],
  branches: [],
  comment: 'findings',
  landed: [],
  drafts: false,
  labels: {},
};

export interface ConfigError {
  readonly line: number;
  readonly text: string;
}

export type ReadConfig =
  | { readonly ok: true; readonly config: RepositoryConfig }
  | { readonly ok: false; readonly where: string; readonly own: boolean; readonly errors: readonly ConfigError[] };

/** `ref` is the base's commit, or its branch; `server` what this service has where no file says. */
export async function repositoryConfig(
  client: Client,
  repo: string,
  ref: string,
  server: Pick<RepositoryConfig, 'landed'> = defaults,
): Promise<ReadConfig> {
  const [owner = '', name = ''] = repo.split('/');
  const own = await textOf(client, owner, name, ref);
  const inherited = name === '.github' ? null : await textOf(client, owner, '.github', null);
  let config: RepositoryConfig = { ...defaults, ...server };
  for (const [text, where, isOwn] of [
    [inherited, `${owner}/.github`, false],
    [own, repo, true],
  ] as const) {
    if (text === null) continue;
    const read = parseRepositoryConfig(text);
    if (!read.ok) return { ok: false, where, own: isOwn, errors: read.errors };
    config = { ...config, ...read.config };
  }
  return { ok: true, config };
}

/** What the file sets, or each error with its line, from 1. */
export function parseRepositoryConfig(
  text: string,
): { ok: true; config: Partial<RepositoryConfig> } | { ok: false; errors: ConfigError[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  if (document.errors.length > 0) {
    return {
      ok: false,
      errors: document.errors.map(({ pos, message }) => ({ line: lines.linePos(pos[0]).line, text: message })),
    };
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 20 }) ?? {};
  } catch (error) {
    return { ok: false, errors: [{ line: 1, text: (error as Error).message }] };
  }
  const parsed = Shape.safeParse(value);
  if (parsed.success) return { ok: true, config: withoutUndefined(parsed.data) };
  const lineOf = (path: readonly PropertyKey[]): number => {
    for (let length = path.length; length > 0; length--) {
      const key = keyNode(document.getIn(path.slice(0, length - 1), true), path[length - 1]);
      const node = key ?? document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  return {
    ok: false,
    errors: parsed.error.issues.flatMap((issue): ConfigError[] =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => ({ line: lineOf([...issue.path, key]), text: `unknown key ${key}` }))
        : [{ line: lineOf(issue.path), text: `${issue.path.join('.')}: ${issue.message}` }],
    ),
  };
}

function withoutUndefined(config: z.infer<typeof Shape>): Partial<RepositoryConfig> {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}

/** The very key in its own map: a comment, a value or another map may hold one of the same name. */
function keyNode(map: unknown, name: PropertyKey | undefined): unknown {
  if (!isMap(map)) return undefined;
  return map.items.find(({ key }: Pair) => isScalar(key) && String(key.value) === name)?.key;
}

async function textOf(client: Client, owner: string, repo: string, ref: string | null): Promise<string | null> {
  try {
    const { data } = await client.rest.repos.getContent({
      owner,
      repo,
      path: configPath,
      ...(ref === null ? {} : { ref }),
    });
    return !Array.isArray(data) && data.type === 'file' ? Buffer.from(data.content, 'base64').toString('utf8') : null;
  } catch (error) {
    // 404: no file, or a repository that the installation may not read; 403 the latter, too.
    const { status, message } = error as { status?: number; message?: string };
    if (status === 404 || (status === 403 && ref === null && /not accessible/i.test(message ?? ''))) return null;
    throw error;
  }
}

/** `include/**`, `*.c`, `drivers/net/*`: a path pattern without a slash matches the last name. */
export function matchesPath(pattern: string, path: string): boolean {
  const source = pattern
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, (stars) => (stars.length > 1 ? '.*' : '[^/]*'));
  return new RegExp(pattern.includes('/') ? `^${source}$` : `(^|/)${source}$`).test(path);
}
