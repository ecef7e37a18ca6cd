/** The list of reviews: newest first, by verdict, list and words of the subject. */
import { html } from 'hono/html';
import { verdicts } from '../kabi/review.js';
import type { ReviewFilter, ReviewLine } from '../service/store/views.js';
import { type Html, scrolled, time, verdictMark } from './page.js';

export const pageSize = 50;

export function reviewsPage(reviews: readonly ReviewLine[], lists: readonly string[], filter: ReviewFilter): Html {
  const option = (value: string, chosen: string | null) =>
    html`<option value="${value}"${value === chosen ? html` selected` : ''}>${value}</option>`;
  const rows = reviews.map(
    (
      review,
    ) => html`<tr><td><a href="/reviews/r${review.id}">${review.subject || '(no subject)'}</a></td><td>${verdictMark(review.verdict)}</td>
<td>${review.evidence}</td><td>${review.list}</td><td>${time(review.at)}</td><td>${review.silent ?? ''}</td></tr>`,
  );
  return html`<form class="filter" method="get" action="/reviews" role="search">
<label>Subject <input type="search" name="q" value="${filter.search ?? ''}" maxlength="200"></label>
<label>Verdict <select name="verdict"><option value="">any</option>${verdicts.map((one) => option(one, filter.verdict))}</select></label>
<label>List <select name="list"><option value="">any</option>${lists.map((one) => option(one, filter.list))}</select></label>
<button>Show</button></form>
${
  reviews.length === 0
    ? html`<p>No review fits.</p>`
    : scrolled(
        'Reviews',
        html`<table><thead><tr><th scope="col">Subject</th><th scope="col">Verdict</th><th scope="col">Evidence</th><th scope="col">List</th><th scope="col">At (UTC)</th><th scope="col">Not said because</th></tr></thead><tbody>${rows}</tbody></table>`,
      )
}
${reviews.length < pageSize ? '' : html`<p><a href="${older(filter, reviews.at(-1)?.id ?? 0)}">Older reviews</a></p>`}`;
}

function older(filter: ReviewFilter, before: number): string {
  const query = new URLSearchParams({ before: String(before) });
  if (filter.verdict !== null) query.set('verdict', filter.verdict);
  if (filter.list !== null) query.set('list', filter.list);
  if (filter.search !== null) query.set('q', filter.search);
  return `/reviews?${query.toString()}`;
}
