/**
 * A file's text -> Config, or one KabiwatchError whose facts are `file:line` and, for each wrong place, key, value and remedy. Secrets
 * are read here, at start, and are handed on only to the connection that needs them.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { KabiwatchError } from '../errors.js';
import { Config, type ListConfig, type SecretRef } from './config.js';

export function readConfig(file: string): Config {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new KabiwatchError('file-unreadable', { file, remedy: 'kabiwatch init writes one' }, { cause });
  }
  const config = parseConfig(text, file);
  const from = dirname(resolve(file));
  return {
    ...config,
    store: 'folder' in config.store ? { folder: resolve(from, config.store.folder) } : config.store,
    replies: resolve(from, config.replies),
    lists: config.lists.map((list) => ({
      ...list,
      ...(list.source === undefined ? {} : { source: placedFrom(from, list.source) }),
      ...(list.publicInbox === undefined
        ? {}
        : { publicInbox: { ...list.publicInbox, path: resolve(from, list.publicInbox.path) } }),
    })),
  };
}

/** Paths are as seen from the file; a reference without a slash is a name. */
function placedFrom(from: string, source: NonNullable<ListConfig['source']>): NonNullable<ListConfig['source']> {
  const { tree, build, config, reference } = source;
  return {
    ...source,
    tree: resolve(from, tree),
    build: build.map((folder) => resolve(from, folder)),
    ...(config === undefined ? {} : { config: resolve(from, config) }),
    ...(reference?.includes('/') ? { reference: resolve(from, reference) } : {}),
  };
}

export function parseConfig(text: string, file: string): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const broken = document.errors[0];
  if (broken !== undefined) {
    throw new KabiwatchError('config-invalid', { [`${file}:${lines.linePos(broken.pos[0]).line}`]: broken.message });
  }
  const result = Config.safeParse(document.toJS({ maxAliasCount: 100 }) ?? {});
  if (result.success) return result.data;
  const facts: Record<string, string> = {};
  for (const issue of result.error.issues) {
    for (const { path, told } of explain(issue, document)) {
      const place = `${file}:${lineOf(document, lines, path)}`;
      facts[place] = facts[place] === undefined ? told : `${facts[place]}, ${told}`;
    }
  }
  throw new KabiwatchError('config-invalid', facts);
}

type Path = readonly PropertyKey[];

function explain(issue: z.core.$ZodIssue, document: Document): { path: Path; told: string }[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      told: `${dotted([...issue.path, key])} is no key here (remove it, or mend its spelling; kabiwatch init shows all keys)`,
    }));
  }
  const value = document.getIn(issue.path, true);
  const shown = isNode(value) ? JSON.stringify(value.toJS(document)) : undefined;
  const told =
    secret(issue.path) || shown === undefined ? '' : ` is ${shown.length > 80 ? `${shown.slice(0, 77)}...` : shown}`;
  return [
    { path: issue.path, told: `${dotted(issue.path)}${shown === undefined ? ' is missing' : told} (${issue.message})` },
  ];
}

/** What stands at a password's place may be the password itself. */
function secret(path: Path): boolean {
  return path.some((key) => key === 'password' || key === 'token' || key === 'url' || key === 'store');
}

function dotted(path: Path): string {
  const text = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return text.replace(/^\./, '') || 'the file';
}

/** The line of the key, or of the nearest place above it that the file has. */
function lineOf(document: Document, lines: LineCounter, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

/** Read when needed, trimmed of the newline that files end with. */
export function readSecret(secret: SecretRef): string {
  if ('env' in secret) {
    const value = process.env[secret.env];
    if (!value)
      throw new KabiwatchError('secret-missing', { variable: secret.env, remedy: 'set it in the environment' });
    return value;
  }
  try {
    return readFileSync(secret.file, 'utf8').trim();
  } catch (cause) {
    throw new KabiwatchError(
      'secret-missing',
      { file: secret.file, remedy: 'make it readable for this user' },
      { cause },
    );
  }
}
