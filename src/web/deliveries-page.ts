/** What was, will or waits to be posted; who is logged in approves or withdraws what is held. */
import { html } from 'hono/html';
import type { DeliveryLine } from '../service/store/views.js';
import { alsoAs, type Html, type Seen, scrolled, time } from './page.js';

const states = ['planned', 'held', 'sending', 'sent', 'unsure', 'failed', 'withdrawn'];

export function deliveriesPage(deliveries: readonly DeliveryLine[], state: string | null, seen: Seen): Html {
  return html`<form class="filter" method="get" action="/deliveries"><label>State <select name="state"><option value="">any</option>${states.map(
    (one) => html`<option value="${one}"${one === state ? html` selected` : ''}>${one}</option>`,
  )}</select></label><button>Show</button></form>
${deliveries.length === 0 ? html`<p>No delivery fits.</p>` : deliveriesTable(deliveries, seen, 'with subjects')}
${alsoAs(['JSON', `/deliveries.json${state === null ? '' : `?state=${state}`}`])}`;
}

/** Of many reviews, or of the one whose page this is. */
export function deliveriesTable(
  deliveries: readonly DeliveryLine[],
  seen: Seen,
  subjects: 'with subjects' | 'of one review',
): Html {
  const rows = deliveries.map((one) => {
    const said = [
      one.list,
      one.outlet,
      html`planned ${time(one.plannedAt)} UTC`,
      ...(one.sentAt === null ? [] : [html`sent ${time(one.sentAt)} UTC`]),
      ...(one.attempts < 2 ? [] : [`${one.attempts} tries`]),
      ...(one.detail === null ? [] : [one.detail]),
    ];
    return html`<tr><td><span class="state ${one.state}">${one.state}</span></td><td>${subjects === 'of one review' ? '' : html`<a href="/reviews/r${one.review}">${one.subject || '(no subject)'}</a>`}
<p class="quiet">${said.map((part, at) => html`${at === 0 ? '' : ' · '}${part}`)}</p>${moderation(one, seen)}</td></tr>`;
  });
  return scrolled(
    'Deliveries',
    html`<table class="told"><thead><tr><th scope="col">State</th><th scope="col">Reply</th></tr></thead><tbody>${rows}</tbody></table>`,
  );
}

function moderation(one: DeliveryLine, { csrf }: Seen): Html | string {
  if (one.state !== 'held' || csrf === null) return '';
  return html`<form class="inline" method="post" action="/deliveries/${one.id}"><input type="hidden" name="csrf" value="${csrf}">
<button name="decision" value="approve" aria-label="Approve the reply to ${one.subject}">Approve</button>
<button name="decision" value="withdraw" aria-label="Withdraw the reply to ${one.subject}">Withdraw</button></form>`;
}
