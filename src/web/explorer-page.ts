/** The struct explorer: a reference's types by name, and one type as its picture, with who embeds it, which symbols reach it, what is free. */
import { html, raw } from 'hono/html';
import type { Layout } from '../c/layout.js';
import type { Reference } from '../kernel/reference.js';
import { mapOfLayout, structMapSvg } from '../report/struct-map.js';
import { holesOf, overviewOf, reservedIn, symbolsReaching } from './explore.js';
import { type Html, scrolled } from './page.js';

const mostFound = 200;
const mostShown = 300;

function addressOf(reference: string, key: string): string {
  return `/references/${encodeURIComponent(reference)}/type?key=${encodeURIComponent(key)}`;
}

export async function searchPage(reference: Reference, search: string): Promise<Html> {
  const { name, arch, version, crcMode } = reference.meta;
  const { keys } = await overviewOf(reference);
  const asked = search.trim().toLowerCase();
  const found = findTypes(keys, search);
  const links = found.slice(0, mostFound).map((key) => html`<li><a href="${addressOf(name, key)}">${key}</a></li>`);
  return html`<p>${arch}${version === null ? '' : ` · Linux ${version}`} · ${crcMode} · ${keys.length} types with a layout</p>
<form class="filter" method="get" role="search"><label>Type <input type="search" name="q" value="${search}"></label><button>Find</button></form>
${asked === '' ? '' : html`<p role="status">${found.length} found${found.length > mostFound ? `, the first ${mostFound} shown` : ''}</p><ul>${links}</ul>`}`;
}

/** Keys of types whose name has the words in it, the nearest first; none for no words. */
export function findTypes(keys: readonly string[], search: string): string[] {
  const asked = search.trim().toLowerCase();
  const tag = (key: string) => key.slice(key.indexOf(' ') + 1).toLowerCase();
  if (asked === '') return [];
  return keys
    .filter((key) => key.toLowerCase().includes(asked))
    .sort((one, other) => rankOf(tag(one), asked) - rankOf(tag(other), asked) || (one < other ? -1 : 1));
}

/** The very name, names that begin so, others. */
function rankOf(tag: string, asked: string): number {
  const name = asked.replace(/^(struct|union|typedef) /, '');
  return tag === name ? 0 : tag.startsWith(name) ? 1 : 2;
}

/** null where the reference has no layout of that key. */
export async function typePage(reference: Reference, key: string): Promise<Html | null> {
  const shipped = reference.row('shipped', key);
  const computed = reference.row('layouts', key);
  const layouts = shipped ?? computed;
  if (layouts === null || layouts.length === 0) return null;
  const { name } = reference.meta;
  const reaching = await symbolsReaching(reference, key, mostShown);
  const embedders = reference.row('embeds', key) ?? [];
  const link = (to: string) => html`<li><a href="${addressOf(name, to)}">${to}</a></li>`;
  return html`<p><a href="/references/${encodeURIComponent(name)}">${name}</a> · ${shipped === null ? 'computed from source' : 'as shipped'}</p>
${layouts.map((layout, index) => layoutSection(layout, `m${index}`))}
<section><h2>Embedded in</h2>${embedders.length === 0 ? html`<p>No type holds it by value.</p>` : html`<ul>${embedders.slice(0, mostShown).map(link)}</ul>`}</section>
<section><h2>Exported symbols that reach it</h2>${
    reaching.names.length === 0
      ? html`<p>None that this reference knows the expansion of.</p>`
      : html`<ul class="names">${reaching.names.map((symbol) => html`<li><code>${symbol}</code></li>`)}</ul>${reaching.more ? html`<p class="quiet">and more</p>` : ''}`
  }</section>`;
}

function layoutSection(layout: Layout, id: string): Html {
  const holes = holesOf(layout);
  const reserved = reservedIn(layout);
  const rows = layout.members
    .slice(0, 1000)
    .map(
      (member) =>
        html`<tr><th scope="row">${member.name ?? '(anonymous)'}</th><td><code>${member.type}</code></td><td>${place(member.bitOffset)}</td><td>${member.bitSize > 0 ? bits(member.bitSize) : member.size}</td></tr>`,
    );
  return html`<section><h2>${layout.size} bytes, aligned to ${layout.align}</h2>
<figure>${scrolled('Picture of the layout', html`${raw(structMapSvg(mapOfLayout(layout), id))}`)}</figure>
<h3>Free</h3><ul><li>${
    holes.length === 0
      ? 'no holes'
      : holes
          .map(
            (hole) =>
              `${sized(hole.bitSize)} at ${place(hole.bitOffset)}${hole.after === null ? '' : ` after ${hole.after}`}`,
          )
          .join('; ')
  }</li><li>${reserved.length === 0 ? 'no reserved slots' : `reserved: ${reserved.join(', ')}`}</li></ul>
${scrolled('Members', html`<table><thead><tr><th scope="col">Member</th><th scope="col">Type</th><th scope="col">Offset</th><th scope="col">Size</th></tr></thead><tbody>${rows}</tbody></table>`)}</section>`;
}

function place(bitOffset: number): string {
  return bitOffset % 8 === 0 ? String(bitOffset / 8) : `${Math.floor(bitOffset / 8)}:${bitOffset % 8}`;
}

function sized(count: number): string {
  return count % 8 === 0 ? `${count / 8} bytes` : bits(count);
}

function bits(count: number): string {
  return count === 1 ? '1 bit' : `${count} bits`;
}
