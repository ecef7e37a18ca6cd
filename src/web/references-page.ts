/** The references that reviews can rest on, and how well what is computed agrees with what was shipped. */
import { html } from 'hono/html';
import type { Reference } from '../kernel/reference.js';
import { overviewOf } from './explore.js';
import { alsoAs, type Html, scrolled } from './page.js';

export interface ReferenceLine {
  readonly name: string;
  readonly arch: string;
  /** Of the kernel, where it is known. */
  readonly version: string | null;
  /** Exported symbols. */
  readonly symbols: number;
  /** Symbol versions that are both shipped and computed, and how many of them are equal. */
  readonly versions: { readonly equal: number; readonly different: number; readonly unknown: number };
}

export async function referenceLine(reference: Reference): Promise<ReferenceLine> {
  const { name, arch, version } = reference.meta;
  const { versions } = await overviewOf(reference);
  return { name, arch, version, symbols: reference.count('symbols'), versions };
}

export function referencesPage(references: readonly ReferenceLine[]): Html {
  if (references.length === 0)
    return html`<p>There is no reference here: reviews rest on the mail or the tree alone.</p>`;
  const rows = references.map(
    (one) =>
      html`<tr><th scope="row"><a href="/references/${encodeURIComponent(one.name)}">${one.name}</a></th><td>${one.arch}</td><td>${one.version ?? '–'}</td><td class="figure">${one.symbols}</td><td>${score(one)}</td></tr>`,
  );
  return html`<p>A reference is a released kernel. Open one to look up a struct: its picture, who embeds it, which symbols reach it, what is free.</p>
${scrolled(
  'References',
  html`<table><thead><tr><th scope="col">Name</th><th scope="col">Architecture</th><th scope="col">Linux</th><th scope="col" class="figure">Exported symbols</th><th scope="col">Verified</th></tr></thead><tbody>${rows}</tbody></table>`,
)}
${alsoAs(['JSON', '/references.json'])}`;
}

function score({ versions: { equal, different } }: ReferenceLine): string {
  return equal + different === 0 ? 'not computed here' : `${equal} of ${equal + different} versions as shipped`;
}
