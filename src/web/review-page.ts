/** One review: verdict, findings patch by patch, each changed type as a picture before and after, symbols, guards, users, fixes. */
import { html, raw } from 'hono/html';
import type { Review, TypeChange } from '../kabi/review.js';
import { reachGraph, reachGraphSvg } from '../report/reach-graph.js';
import { mapsOfChange, structMapSvg } from '../report/struct-map.js';
import type { ShownPatch } from '../service/shown-patches.js';
import type { DeliveryLine, ReviewFull } from '../service/store/views.js';
import { type Html, scrolled, time, verdictMark } from './page.js';
import { patchLines } from './patches.js';

const mostTypes = 300;
const mostRows = 500;

export function reviewPage(row: ReviewFull, deliveries: readonly DeliveryLine[]): Html {
  const { review } = row;
  const { arch, reference, crcMode, base } = review.target;
  return html`<p>${verdictMark(review.verdict)} · evidence: ${review.evidence} · ${arch}${crcMode === null ? '' : ` · ${crcMode}`}${
    reference === null ? '' : ` · ${reference}`
  }${base === null ? '' : html` · base <code>${base}</code>`}</p>
<p class="quiet">${row.list} · ${row.messageId} · ${time(row.at)} · ${row.engine} · ${row.ms} ms · <a href="/reviews/r${row.id}.json">JSON</a></p>
${row.silent === null ? '' : html`<p>Not said, because: ${row.silent}</p>`}
${findings(review, row.shown ?? [])}${types(review)}${reach(review)}${symbols(review)}${guards(review)}${consumers(review)}${fixes(review)}
${list(
  'Not known',
  review.missing.map(({ what, why }) => html`${what}: ${why}`),
)}
${list(
  'Deliveries',
  deliveries.map(
    (one) => html`${one.outlet} to ${one.list}: ${one.state}${one.detail === null ? '' : ` (${one.detail})`}`,
  ),
)}
${row.reply === '' ? '' : html`<section><h2>The reply</h2><pre tabindex="0">${row.reply}</pre></section>`}`;
}

function list(title: string, items: readonly Html[]): Html | string {
  return items.length === 0
    ? ''
    : html`<section><h2>${title}</h2><ul>${items.map((item) => html`<li>${item}</li>`)}</ul></section>`;
}

function findings(review: Review, shown: readonly ShownPatch[]): Html {
  const patches = review.series.patches.length > 0 ? review.series.patches : [{ n: 1, subject: review.series.subject }];
  const parts = patches.map((patch) => {
    const own = review.findings.filter((finding) => finding.patch === patch.n);
    const text = shown.find(({ n }) => n === patch.n);
    const lines = text === undefined ? '' : patchLines(text, own);
    if (own.length === 0) return html`<h3>${patch.n}. ${patch.subject}</h3><p>Nothing found.</p>${lines}`;
    const items = own
      .slice(0, mostRows)
      .map(
        (one) =>
          html`<li><strong>${one.severity}</strong> ${one.rule} <code>${one.file}:${one.line}</code> ${one.text}${
            one.verified ? ' (verified against the reference)' : ''
          }</li>`,
      );
    return html`<h3>${patch.n}. ${patch.subject}</h3><ul>${items}</ul>${lines}`;
  });
  return html`<section><h2>Findings</h2>${parts}</section>`;
}

function types(review: Review): Html | string {
  if (review.types.length === 0) return '';
  const hidden = new Set(review.guards.flatMap(({ hides }) => hides.flatMap((text) => text.match(/\w+/g) ?? [])));
  const shown = review.types.slice(0, mostTypes).map((type, index) => typeSection(type, hidden, index));
  const left = review.types.length - shown.length;
  return html`<section><h2>Types</h2>${key}${shown}${left > 0 ? html`<p>${left} more are in the JSON.</p>` : ''}</section>`;
}

const tones = [
  ['new', 'new'],
  ['moved', 'moved'],
  ['retyped', 'type changed'],
  ['gone', 'removed'],
  ['hidden', 'hidden from genksyms'],
  ['unlisted', 'not changed'],
] as const;

const key = html`<ul class="key" aria-label="Key">${tones.map(
  ([tone, name]) =>
    html`<li><svg viewBox="0 0 20 12" aria-hidden="true"><rect class="field ${tone}" x="1" y="1" width="18" height="10"/></svg> ${name}</li>`,
)}</ul>`;

function typeSection(type: TypeChange, hidden: ReadonlySet<string>, index: number): Html {
  const { before, after } = mapsOfChange(type, hidden);
  const figures = [
    ['Before', before],
    ['After', after],
  ] as const;
  const rows = type.members.slice(0, mostRows).map(
    (
      member,
    ) => html`<tr><td><code>${member.name}</code></td><td>${member.change}</td><td>${offset(member.before)}</td><td>${offset(member.after)}</td>
<td><code>${member.after?.type ?? member.before?.type ?? ''}</code></td></tr>`,
  );
  return html`<section id="type-${index}"><h3><code>${type.kind} ${type.name}</code> ${verdictMark(type.verdict)}</h3>
<p><code>${type.file}:${type.line}</code> · ${type.before?.size ?? '–'} → ${type.after?.size ?? '–'} bytes${
    type.embeddedIn.length === 0 ? '' : html` · embedded in ${type.embeddedIn.slice(0, 30).join(', ')}`
  }</p>
<div class="pair">${figures.map(([name, map]) =>
    map === null
      ? ''
      : html`<figure><figcaption>${name}</figcaption>${scrolled(`${type.name}, ${name.toLowerCase()}`, html`${raw(structMapSvg(map, `m${index}${name[0]}`))}`)}</figure>`,
  )}</div>
${
  rows.length === 0
    ? ''
    : scrolled(
        `Members of ${type.name}`,
        html`<table><thead><tr><th scope="col">Member</th><th scope="col">Change</th><th scope="col">Before</th><th scope="col">After</th><th scope="col">Type</th></tr></thead><tbody>${rows}</tbody></table>`,
      )
}</section>`;
}

function offset(place: { readonly bitOffset: number | null } | null): string {
  if (place === null || place.bitOffset === null) return '–';
  return place.bitOffset % 8 === 0
    ? String(place.bitOffset / 8)
    : `${Math.floor(place.bitOffset / 8)}:${place.bitOffset % 8}`;
}

/** From changed type over the structs that embed it to the exported symbols: a picture, and the same as nested lists, which can be read aloud. */
function reach(review: Review): Html | string {
  const reached = review.types.filter((type) => type.embeddedIn.length > 0 || symbolsOf(review, type).length > 0);
  if (reached.length === 0) return '';
  const items = reached.slice(0, 50).map((type) => {
    const symbols = symbolsOf(review, type);
    return html`<li><code>${type.kind} ${type.name}</code><ul>
${type.embeddedIn.length === 0 ? '' : html`<li>embedded in <code>${type.embeddedIn.slice(0, 20).join(', ')}</code></li>`}
${
  symbols.length === 0
    ? ''
    : html`<li>${symbols.length} exported symbols: ${symbols.slice(0, 20).map((one) => html`<details><summary><code>${one.name}</code></summary><code>${one.because.join(' → ')}</code></details>`)}</li>`
}</ul></li>`;
  });
  const graph = reachGraph(review);
  const picture =
    graph === null
      ? ''
      : html`<figure>${scrolled('Graph of what the change reaches', html`${raw(reachGraphSvg(graph, 'reach'))}`)}</figure>`;
  return html`<section><h2>Reach</h2>${picture}<ul>${items}</ul></section>`;
}

function symbolsOf(review: Review, type: TypeChange) {
  return review.symbols.changed.filter(({ because }) => because.some((step) => step.includes(type.name)));
}

function symbols(review: Review): Html | string {
  const { changed, causes, exported } = review.symbols;
  if (changed.length === 0) return '';
  const rows = changed
    .slice(0, mostRows)
    .map(
      (one) =>
        html`<tr><td><code>${one.name}</code></td><td>${one.module}</td><td>${one.before ?? '–'}</td><td>${one.after ?? '–'}</td><td>${one.stable ? 'yes' : ''}</td></tr>`,
    );
  return html`<section><h2>Symbols</h2><p>${changed.length} of ${exported} exported symbols change.</p>
<ul>${causes.slice(0, 30).map((one) => html`<li>${one.count} because of ${one.text} <code>${one.file}:${one.line}</code>${one.cosmetic ? ' (cosmetic)' : ''}</li>`)}</ul>
${scrolled('Changed symbols', html`<table><thead><tr><th scope="col">Symbol</th><th scope="col">Module</th><th scope="col">Before</th><th scope="col">After</th><th scope="col">Stable</th></tr></thead><tbody>${rows}</tbody></table>`)}</section>`;
}

function guards(review: Review): Html | string {
  return list(
    'Guards',
    review.guards.map(
      (one) =>
        html`<code>${one.file}:${one.line}</code> ${one.idiom}: ${one.honest === null ? 'not judged' : one.honest ? 'honest' : 'not honest'}. ${one.why}`,
    ),
  );
}

function consumers(review: Review): Html | string {
  return list(
    'Who depends on it',
    review.consumers
      .slice(0, mostRows)
      .map(
        (one) =>
          html`${one.place}: <code>${one.file}:${one.line}</code> ${one.kind} of <code>${one.member === null ? one.type : `${one.type}.${one.member}`}</code>`,
      ),
  );
}

function fixes(review: Review): Html | string {
  if (review.fixes.length === 0) return '';
  return html`<section><h2>What keeps the kABI</h2>${review.fixes.map((fix) => html`<h3>${fix.title} ${verdictMark(fix.verdict)}</h3><pre tabindex="0">${fix.diff}</pre>`)}</section>`;
}
