/** The engine's name and version: part of every Message-ID and review, so that a new engine is told from an old one. */
import { readFileSync } from 'node:fs';

export function engineVersion(): string {
  const { name, version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return `${name} ${version}`;
}
