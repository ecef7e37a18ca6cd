/** One review: verdict, findings patch by patch, each changed type as a picture before and after, symbols, guards, users, fixes. */
import { html, raw } from 'hono/html';
import type { Review, TypeChange } from '../kabi/review.js';
import { reachGraph, reachGraphSvg } from '../report/reach-graph.js';
import { mapsOfChange, structMapSvg, type TypeSizes } from '../report/struct-map.js';
import { bySeverity, changeText, evidenceText, verdictLine } from '../report/wording.js';
import type { ShownPatch } from '../service/shown-patches.js';
import type { DeliveryLine, ReviewFull } from '../service/store/views.js';
import { deliveriesTable } from './deliveries-page.js';
import { alsoAs, type Html, type Seen, scrolled, time, verdictMark, worded } from './page.js';
import { patchLines, toldOf } from './patches.js';

const mostTypes = 300;
const mostRows = 500;

export function reviewPage(row: ReviewFull, deliveries: readonly DeliveryLine[], seen: Seen): Html {
  const { review } = row;
  const said = verdictLine(review).replace(`${review.verdict}: `, '');
  return html`<p class="lead">${verdictMark(review.verdict)} ${said}</p>
${facts(row)}
${row.silent === null ? '' : html`<p class="note">Nothing was posted: ${row.silent}.</p>`}
${deliveries.length === 0 ? '' : html`<section><h2>Deliveries</h2>${deliveriesTable(deliveries, seen, 'of one review')}</section>`}
${findings(review, row.shown ?? [])}${types(review)}${reach(review)}${symbols(review)}${guards(review)}${consumers(review)}${fixes(review)}
${list(
  'Not known',
  review.missing.map(({ what, why }) => html`${worded(what)}: ${worded(why)}`),
)}
${row.reply === '' ? '' : html`<section><h2>The reply</h2><pre tabindex="0">${row.reply}</pre></section>`}
${alsoAs(['JSON', `/reviews/r${row.id}.json`])}`;
}

/** On what it rests, and which series it is about. */
function facts({ review, list: from, messageId, at, engine, ms, id }: ReviewFull): Html {
  const { arch, reference, crcMode, base } = review.target;
  const versions = crcMode === null ? '' : crcMode === 'none' ? ', no symbol versions' : `, versions by ${crcMode}`;
  const rows: readonly (readonly [string, Html | string] | null)[] = [
    ['Judged', `${evidenceText[review.evidence]}, ${arch}${versions}`],
    reference === null
      ? null
      : ['Reference', html`<a href="/references/${encodeURIComponent(reference)}">${reference}</a>`],
    base === null ? null : ['Base', html`<code>${base}</code>`],
    ['Series', html`${from} · <code>${messageId}</code>`],
    ['Review', html`r${id} · ${time(at)} UTC · ${ms} ms · ${engine}`],
  ];
  return html`<dl class="facts">${rows.map((row) => (row === null ? '' : html`<div><dt>${row[0]}</dt><dd>${row[1]}</dd></div>`))}</dl>`;
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
    const items = bySeverity(own)
      .slice(0, mostRows)
      .map(
        (one) =>
          html`<li class="${one.severity}"><p><strong>${one.severity}</strong> <span class="rule">${one.rule}</span> ${toldOf(one)}${
            one.verified ? ' (verified against the reference)' : ''
          }</p><code>${one.file}:${one.line}</code></li>`,
      );
    return html`<h3>${patch.n}. ${patch.subject}</h3><ul class="findings">${items}</ul>${lines}`;
  });
  return html`<section><h2>Findings</h2>${parts}</section>`;
}

function types(review: Review): Html | string {
  if (review.types.length === 0) return '';
  const hidden = new Set(review.guards.flatMap(({ hides }) => hides.flatMap((text) => text.match(/\w+/g) ?? [])));
  const sizes = new Map(review.types.map((type) => [`${type.kind} ${type.name}`, type]));
  const shown = review.types.slice(0, mostTypes).map((type, index) => typeSection(type, { hidden, sizes }, index));
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

function typeSection(
  type: TypeChange,
  { hidden, sizes }: { readonly hidden: ReadonlySet<string>; readonly sizes: TypeSizes },
  index: number,
): Html {
  const { before, after } = mapsOfChange(type, hidden, sizes);
  const figures = [
    ['Before', before],
    ['After', after],
  ] as const;
  const rows = type.members.slice(0, mostRows).map(
    (
      member,
    ) => html`<tr><td><code>${member.name}</code></td><td>${changeText(member)}</td><td class="figure">${offset(member.before)}</td><td class="figure">${offset(member.after)}</td>
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
        html`<table><thead><tr><th scope="col">Member</th><th scope="col">Change</th><th scope="col" class="figure">Byte before</th><th scope="col" class="figure">Byte after</th><th scope="col">Type</th></tr></thead><tbody>${rows}</tbody></table>`,
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
        html`<tr><td><code>${one.name}</code></td><td>${one.module || '–'}</td><td><code>${one.before ?? '–'}</code></td><td><code>${one.after ?? '–'}</code></td><td>${one.stable ? 'yes' : ''}</td></tr>`,
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
        html`<code>${one.file}:${one.line}</code> <code>${one.idiom}</code>: <span class="${one.honest === null ? 'quiet' : one.honest ? 'good' : 'bad'}">${one.honest === null ? 'not judged' : one.honest ? 'honest' : 'not honest'}</span>. ${worded(one.why)}`,
    ),
  );
}

/** Code of a header is compiled into every module that uses it. */
const placeText = {
  builtin: 'base kernel',
  module: 'module',
  inline: 'inline code of a header',
  possible: 'not built in this configuration',
} as const;

function consumers(review: Review): Html | string {
  const { consumers: all } = review;
  if (all.length === 0) return '';
  const counts = (['module', 'inline', 'possible', 'builtin'] as const)
    .map((place) => [placeText[place], all.filter((one) => one.place === place).length] as const)
    .filter(([, count]) => count > 0)
    .map(([place, count]) => `${place}: ${count}`);
  const rows = all
    .slice(0, mostRows)
    .map(
      (one) =>
        html`<tr><td><code>${one.file}:${one.line}</code></td><td>${placeText[one.place]}</td><td>${one.kind} of <code>${one.member === null ? one.type : `${one.type}.${one.member}`}</code></td><td>${one.function === null ? '–' : html`<code>${one.function}</code>`}</td></tr>`,
    );
  return html`<section><h2>Who depends on it</h2><p>${counts.join(' · ')}</p>
${scrolled('Who depends on it', html`<table><thead><tr><th scope="col">Where</th><th scope="col">Part of</th><th scope="col">Use</th><th scope="col">Function</th></tr></thead><tbody>${rows}</tbody></table>`)}${
  all.length > mostRows ? html`<p class="quiet">${all.length - mostRows} more are in the JSON.</p>` : ''
}</section>`;
}

function fixes(review: Review): Html | string {
  if (review.fixes.length === 0) return '';
  return html`<section><h2>What keeps the kABI</h2>${review.fixes.map((fix) => html`<h3>${fix.title} ${verdictMark(fix.verdict)}</h3><pre tabindex="0">${fix.diff}</pre>`)}</section>`;
}
