/** The list of reviews: newest first, by verdict, list and words of the subject. */
import { html } from 'hono/html';
import { verdicts } from '../kabi/review.js';
import { evidenceText } from '../report/wording.js';
import type { ReviewFilter, ReviewLine } from '../service/store/views.js';
import { alsoAs, type Html, scrolled, time, verdictMark } from './page.js';

export const pageSize = 50;

export function reviewsPage(reviews: readonly ReviewLine[], lists: readonly string[], filter: ReviewFilter): Html {
  const option = (value: string, chosen: string | null) =>
    html`<option value="${value}"${value === chosen ? html` selected` : ''}>${value}</option>`;
  const rows = reviews.map(
    (
      review,
    ) => html`<tr><td>${verdictMark(review.verdict)}</td><td><a href="/reviews/r${review.id}">${review.subject || '(no subject)'}</a>
<p class="quiet">${review.list} · ${time(review.at)} UTC · ${evidenceText[review.evidence]}${review.silent === null ? '' : ` · not said: ${review.silent}`}</p></td></tr>`,
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
        html`<table class="told"><thead><tr><th scope="col">Verdict</th><th scope="col">Series</th></tr></thead><tbody>${rows}</tbody></table>`,
      )
}
${reviews.length < pageSize ? '' : html`<p><a href="${addressOf('', filter, reviews.at(-1)?.id ?? 0)}">Older reviews</a></p>`}
${alsoAs(['JSON', addressOf('.json', filter, filter.before)], ['Atom feed', addressOf('.atom', filter, null)])}`;
}

function addressOf(form: '' | '.json' | '.atom', filter: ReviewFilter, before: number | null): string {
  const query = new URLSearchParams(before === null ? {} : { before: String(before) });
  if (filter.verdict !== null) query.set('verdict', filter.verdict);
  if (filter.list !== null) query.set('list', filter.list);
  if (filter.search !== null) query.set('q', filter.search);
  return `/reviews${form}${query.size === 0 ? '' : `?${query.toString()}`}`;
}
