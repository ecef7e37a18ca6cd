/** The references that reviews can rest on, and how well what is computed agrees with what was shipped. */
import { html } from 'hono/html';
import { type Html, scrolled } from './page.js';

export interface ReferenceLine {
  readonly name: string;
  readonly arch: string;
  /** Exported symbols. */
  readonly symbols: number;
  /** What was checked against the shipped kernel, in words; null when nothing was. */
  readonly verified: string | null;
}

export function referencesPage(references: readonly ReferenceLine[]): Html {
  if (references.length === 0)
    return html`<p>No reference is configured: reviews rest on the mail or the tree alone.</p>`;
  const rows = references.map(
    (one) =>
      html`<tr><th scope="row">${one.name}</th><td>${one.arch}</td><td>${one.symbols}</td><td>${one.verified ?? 'not checked'}</td></tr>`,
  );
  return scrolled(
    'References',
    html`<table><thead><tr><th scope="col">Name</th><th scope="col">Architecture</th><th scope="col">Exported symbols</th><th scope="col">Verified</th></tr></thead><tbody>${rows}</tbody></table>`,
  );
}
