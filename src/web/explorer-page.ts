/** The struct explorer: a reference's types by name, and one type as its picture, with who embeds it, which symbols reach it, what is free. */
import { html, raw } from 'hono/html';
import type { Layout } from '../c/layout.js';
import type { Reference } from '../kernel/reference.js';
import { mapOfLayout, structMapSvg } from '../report/struct-map.js';
import { holesOf, overviewOf, reservedIn, symbolsReaching } from './explore.js';
import { alsoAs, type Html, scrolled } from './page.js';

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
${searchForm(name, search)}
${asked === '' ? '' : html`<p role="status">${found.length} found${found.length > mostFound ? `, the first ${mostFound} shown` : ''}</p><ul class="names">${links}</ul>`}
${alsoAs(['JSON', `/references/${encodeURIComponent(name)}/types.json?q=${encodeURIComponent(search)}`])}`;
}

function searchForm(reference: string, search: string): Html {
  return html`<form class="filter" method="get" action="/references/${encodeURIComponent(reference)}" role="search"><label>Type <input type="search" name="q" value="${search}" maxlength="200" placeholder="struct mm_struct"></label><button>Find</button></form>`;
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
  const { name, version, arch } = reference.meta;
  const { known } = await overviewOf(reference);
  const reaching = await symbolsReaching(reference, key, mostShown);
  const embedders = reference.row('embeds', key) ?? [];
  const link = (to: string) => html`<li><a href="${addressOf(name, to)}">${to}</a></li>`;
  return html`<p><a href="/references/${encodeURIComponent(name)}">${name}</a> · ${arch}${version === null ? '' : ` · Linux ${version}`} · ${shipped === null ? 'computed from source' : 'as shipped'}</p>
${searchForm(name, '')}
${layouts.length === 1 ? '' : html`<p>This name has ${layouts.length} different definitions in this kernel.</p>`}
${layouts.map((layout, index) => layoutSection(layout, `m${index}`, (text) => linked(text, name, known)))}
<section><h2>Embedded in</h2>${embedders.length === 0 ? html`<p>No type holds it by value.</p>` : html`<ul class="names">${embedders.slice(0, mostShown).map(link)}</ul>${embedders.length > mostShown ? html`<p class="quiet">and ${embedders.length - mostShown} more</p>` : ''}`}</section>
<section><h2>Exported symbols that reach it</h2>${
    reaching.names.length === 0
      ? html`<p>${
          reference.count('types') === 0
            ? 'This reference was made from what was shipped alone: what symbols expand to is not known.'
            : 'None of those whose expansion this reference knows.'
        }</p>`
      : html`<ul class="names">${reaching.names.map((symbol) => html`<li><code>${symbol}</code></li>`)}</ul>${reaching.more ? html`<p class="quiet">and more</p>` : ''}`
  }</section>
${alsoAs(['JSON', addressOf(name, key).replace('/type?', '/type.json?')])}`;
}

/** A type as it is written, each struct, union or typedef in it that the reference knows as a link. */
function linked(text: string, reference: string, known: ReadonlySet<string>): Html {
  const parts = text.split(/((?:\b(?:struct|union|enum) )?\b[A-Za-z_]\w*)/).map((part) => {
    const key = known.has(part) ? part : known.has(`typedef ${part}`) ? `typedef ${part}` : null;
    return key === null ? part : html`<a href="${addressOf(reference, key)}">${part}</a>`;
  });
  return html`${parts}`;
}

const key = html`<ul class="key" aria-label="Key"><li><svg viewBox="0 0 20 12" aria-hidden="true"><rect class="field same" x="1" y="1" width="18" height="10"/></svg> member, to scale</li>
<li><svg viewBox="0 0 20 12" aria-hidden="true"><rect class="holes" x="1" y="1" width="18" height="10"/><path class="hatch" d="M4 11L12 1M11 11L19 1"/></svg> hole</li><li>64 bytes, a cache line, a row</li></ul>`;

function layoutSection(layout: Layout, id: string, linkedType: (text: string) => Html): Html {
  const holes = holesOf(layout);
  const reserved = reservedIn(layout);
  const rows = layout.members
    .slice(0, 1000)
    .map(
      (member) =>
        html`<tr><th scope="row"><code>${member.name ?? '(anonymous)'}</code></th><td><code>${linkedType(member.type)}</code></td><td class="figure">${place(member.bitOffset)}</td><td class="figure">${member.bitSize > 0 ? bits(member.bitSize) : member.size}</td></tr>`,
    );
  return html`<section><h2>${layout.size} bytes, aligned to ${layout.align}</h2>
<figure>${scrolled('Picture of the layout', html`${raw(structMapSvg(mapOfLayout(layout), id))}`)}</figure>${key}
<h3>Free</h3>${
    holes.length === 0
      ? html`<p>No holes.</p>`
      : html`<ul class="names">${holes.map(
          (hole) =>
            html`<li>${sized(hole.bitSize)} at ${place(hole.bitOffset)}${hole.after === null ? '' : html` after <code>${hole.after}</code>`}</li>`,
        )}</ul>`
  }<p>${reserved.length === 0 ? 'No reserved slots.' : html`Reserved: ${reserved.map((slot, at) => html`${at === 0 ? '' : ', '}<code>${slot}</code>`)}`}</p>
${scrolled('Members', html`<table><thead><tr><th scope="col">Member</th><th scope="col">Type</th><th scope="col" class="figure">Offset</th><th scope="col" class="figure">Size</th></tr></thead><tbody>${rows}</tbody></table>`)}</section>`;
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
