/** What was, will or waits to be posted; who is logged in approves or withdraws what is held. */
import { html } from 'hono/html';
import type { DeliveryLine } from '../service/store/views.js';
import { type Html, type Seen, scrolled, time } from './page.js';

const states = ['planned', 'held', 'sending', 'sent', 'unsure', 'failed', 'withdrawn'];

export function deliveriesPage(deliveries: readonly DeliveryLine[], state: string | null, seen: Seen): Html {
  const rows = deliveries.map(
    (
      one,
    ) => html`<tr><td><a href="/reviews/r${one.review}">${one.subject || '(no subject)'}</a></td><td>${one.state}</td><td>${one.outlet}</td><td>${one.list}</td>
<td>${one.attempts}</td><td>${time(one.plannedAt)}</td><td>${one.sentAt === null ? '' : time(one.sentAt)}</td><td>${one.detail ?? ''}</td><td>${moderation(one, seen)}</td></tr>`,
  );
  return html`<form class="filter" method="get" action="/deliveries"><label>State <select name="state"><option value="">any</option>${states.map(
    (one) => html`<option value="${one}"${one === state ? html` selected` : ''}>${one}</option>`,
  )}</select></label><button>Show</button></form>
${
  rows.length === 0
    ? html`<p>No delivery fits.</p>`
    : scrolled(
        'Deliveries',
        html`<table><thead><tr><th scope="col">Subject</th><th scope="col">State</th><th scope="col">Outlet</th><th scope="col">List</th><th scope="col">Tries</th><th scope="col">Planned</th><th scope="col">Sent</th><th scope="col">Detail</th><th scope="col">Decide</th></tr></thead><tbody>${rows}</tbody></table>`,
      )
}`;
}

function moderation(one: DeliveryLine, { csrf }: Seen): Html | string {
  if (one.state !== 'held' || csrf === null) return '';
  return html`<form class="inline" method="post" action="/deliveries/${one.id}"><input type="hidden" name="csrf" value="${csrf}">
<button name="decision" value="approve" aria-label="Approve the reply to ${one.subject}">Approve</button>
<button name="decision" value="withdraw" aria-label="Withdraw the reply to ${one.subject}">Withdraw</button></form>`;
}
