/** Where references are kept: by name under the user's data directory, or in any file. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { KabiwatchError } from '../../errors.js';
import type { Reference } from '../../kernel/reference.js';
import { openReference } from './reference-file.js';

const ENDING = '.kabiref';

export function referencesDirectory(): string {
  const data = process.env.XDG_DATA_HOME || join(homedir(), '.local/share');
  return join(data, 'kabiwatch/references');
}

/** A file where the text is a path or names one that exists; else the place of a reference of that name. */
export function referencePath(nameOrFile: string): string {
  if (nameOrFile.includes('/') || nameOrFile.endsWith(ENDING)) return nameOrFile;
  return join(referencesDirectory(), nameOrFile + ENDING);
}

export interface ReferenceListing {
  readonly name: string;
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

export function listReferences(): readonly ReferenceListing[] {
  const dir = referencesDirectory();
  if (!existsSync(dir)) return [];
  const names = readdirSync(dir).filter((file) => file.endsWith(ENDING));
  return names.sort().map((file) => {
    const path = join(dir, file);
    return { name: file.slice(0, -ENDING.length), path, size: statSync(path).size };
  });
}

const kept = new Map<string, { readonly stamp: string; readonly reference: Reference & { close(): void } }>();

/** For a process that lives long: opened once, and again when its file is another. Throws as openNamedReference does. */
export function keptReference(nameOrFile: string): Reference {
  const path = referencePath(nameOrFile);
  const facts = statSync(path, { throwIfNoEntry: false });
  const stamp = `${facts?.ino} ${facts?.size} ${facts?.mtimeMs}`;
  const known = kept.get(path);
  if (known?.stamp === stamp) return known.reference;
  kept.delete(path);
  known?.reference.close();
  const reference = openNamedReference(path);
  kept.set(path, { stamp, reference });
  return reference;
}

/** Throws `reference-not-found`, which names those that there are. */
export function openNamedReference(nameOrFile: string): Reference & { close(): void } {
  const path = referencePath(nameOrFile);
  if (!existsSync(path)) {
    const known = listReferences().map(({ name }) => name);
    const remedy = known.length > 0 ? `there are: ${known.join(', ')}` : 'make one with: kabiwatch reference build';
    throw new KabiwatchError('reference-not-found', { name: nameOrFile, path, remedy });
  }
  return openReference(path);
}
