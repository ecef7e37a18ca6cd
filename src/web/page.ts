/** What every page has: head, navigation, the answer's security headers. HTML is made by `html`, which escapes all that is put in. */
import type { MiddlewareHandler } from 'hono';
import { html } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

export interface Seen {
  /** Somebody is logged in; with the token that forms carry against forgery. */
  readonly csrf: string | null;
  /** Can anybody log in here? */
  readonly login: boolean;
}

const places = [
  ['/reviews', 'Reviews'],
  ['/deliveries', 'Deliveries'],
  ['/references', 'References'],
  ['/health', 'Health'],
] as const;

export function page(title: string, here: string, seen: Seen, body: Html): Html {
  const links = places.map(
    ([path, name]) => html`<li><a href="${path}"${here === path ? html` aria-current="page"` : ''}>${name}</a></li>`,
  );
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · kabiwatch</title>
<link rel="stylesheet" href="/style.css">
<link rel="alternate" type="application/atom+xml" title="Reviews" href="/reviews.atom">
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header><a class="brand" href="/reviews">kabiwatch</a><nav aria-label="Pages"><ul>${links}</ul></nav>${session(seen)}</header>
<main id="main"><h1>${title}</h1>
${body}
</main>
</body>
</html>`;
}

function session({ csrf, login }: Seen): Html | string {
  if (csrf !== null)
    return html`<form method="post" action="/logout"><input type="hidden" name="csrf" value="${csrf}"><button>Log out</button></form>`;
  return login ? html`<a href="/login">Log in</a>` : '';
}

/** Nothing runs, nothing is loaded from elsewhere, nobody frames us. The pages need no script. */
export const guarded: MiddlewareHandler = async (context, next) => {
  await next();
  context.header(
    'content-security-policy',
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  );
  context.header('x-content-type-options', 'nosniff');
  context.header('referrer-policy', 'no-referrer');
  context.header('cross-origin-opener-policy', 'same-origin');
  context.header('cross-origin-resource-policy', 'same-origin');
};

export function time(at: Date): Html {
  const iso = at.toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')}</time>`;
}

/** A wide table scrolls by itself, and can be reached by keyboard to do so. */
export function scrolled(label: string, table: Html): Html {
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">${table}</div>`;
}

/** The same for programs, under the filter that holds; a name and an address each. */
export function alsoAs(...forms: readonly (readonly [name: string, address: string])[]): Html {
  const links = forms.map(([name, address], at) => html`${at === 0 ? '' : ' · '}<a href="${address}">${name}</a>`);
  return html`<p class="also quiet">Also as ${links}</p>`;
}

/** Words of a review, in which names of code stand between backticks. */
export function worded(text: string): Html {
  const parts = text.split('`');
  // An odd one out is a character like any other.
  if (parts.length % 2 === 0) return html`${text}`;
  return html`${parts.map((part, at) => (at % 2 === 0 ? part : html`<code>${part}</code>`))}`;
}

export function verdictMark(verdict: string): Html {
  return html`<span class="verdict ${verdict}">${verdict}</span>`;
}
