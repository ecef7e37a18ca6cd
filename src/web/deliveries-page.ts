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
  const named = subjects === 'with subjects';
  const decides = seen.csrf !== null && deliveries.some(({ state }) => state === 'held');
  const rows = deliveries.map(
    (
      one,
    ) => html`<tr>${named ? html`<td><a href="/reviews/r${one.review}">${one.subject || '(no subject)'}</a></td>` : ''}<td><span class="state ${one.state}">${one.state}</span></td><td>${one.detail ?? ''}</td>${decides ? html`<td>${moderation(one, seen)}</td>` : ''}
<td>${one.outlet}</td><td>${one.list}</td><td class="figure">${one.attempts}</td><td>${time(one.plannedAt)}</td><td>${one.sentAt === null ? '–' : time(one.sentAt)}</td></tr>`,
  );
  return scrolled(
    'Deliveries',
    html`<table><thead><tr>${named ? html`<th scope="col">Subject</th>` : ''}<th scope="col">State</th><th scope="col">Detail</th>${decides ? html`<th scope="col">Decide</th>` : ''}<th scope="col">Outlet</th><th scope="col">List</th><th scope="col" class="figure">Tries</th><th scope="col">Planned (UTC)</th><th scope="col">Sent (UTC)</th></tr></thead><tbody>${rows}</tbody></table>`,
  );
}

function moderation(one: DeliveryLine, { csrf }: Seen): Html | string {
  if (one.state !== 'held') return '–';
  return html`<form class="inline" method="post" action="/deliveries/${one.id}"><input type="hidden" name="csrf" value="${csrf}">
<button name="decision" value="approve" aria-label="Approve the reply to ${one.subject}">Approve</button>
<button name="decision" value="withdraw" aria-label="Withdraw the reply to ${one.subject}">Withdraw</button></form>`;
}
