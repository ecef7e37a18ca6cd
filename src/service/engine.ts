/** The engine's name and version: part of every Message-ID and review, so that a new engine is told from an old one. */
import { readFileSync } from 'node:fs';

function ownPackage(): { readonly name: string; readonly version: string } {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
}

export function engineVersion(): string {
  const { name, version } = ownPackage();
  return `${name} ${version}`;
}

/** The number alone, for formats that have the name in a field of its own. */
export function versionNumber(): string {
  return ownPackage().version;
}
