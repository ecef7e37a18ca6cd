/** How the parts are, what waits, what was put aside for a person, where reading stands in each mailbox. */
import { html } from 'hono/html';
import type { Health } from '../service/health.js';
import type { PutAside, QueueState } from '../service/store/views.js';
import { alsoAs, type Html, type Seen, scrolled, time } from './page.js';

export interface ServiceState {
  readonly health: ReturnType<Health['read']>;
  readonly queue: QueueState;
  readonly aside: PutAside;
}

/** For who is not logged in: where the store lies and whose mailbox is read where is the owner's business. */
export function withoutAddresses({ health, queue, aside }: ServiceState): ServiceState {
  const parts = Object.entries(health.parts).map(([name, part]) => [name, { ...part, detail: '' }]);
  const hostless = <Row extends { readonly host: string }>(rows: readonly Row[]) =>
    rows.map((row) => ({ ...row, host: '' }));
  return {
    health: { ...health, parts: Object.fromEntries(parts) },
    queue: { ...queue, mailboxes: hostless(queue.mailboxes) },
    aside: { ...aside, quarantined: hostless(aside.quarantined) },
  };
}

export function healthPage({ health, queue, aside }: ServiceState, seen: Seen): Html {
  const parts = Object.entries(health.parts).map(
    ([name, part]) =>
      html`<tr><th scope="row">${name}</th><td><span class="${part.ok ? 'good' : 'bad'}">${part.ok ? 'works' : 'does not work'}</span></td><td>${part.detail}</td><td>${time(new Date(part.since))}</td></tr>`,
  );
  const boxes = queue.mailboxes.map(
    (box) =>
      html`<tr><th scope="row">${box.mailbox}</th><td>${box.host}</td><td class="figure">${box.lastUid}</td><td>${time(box.movedAt)}</td></tr>`,
  );
  return html`<p class="banner ${health.ok ? 'good' : 'bad'}">${health.ok ? 'Every part works.' : 'Something does not work.'}</p>
${scrolled('Parts', html`<table><thead><tr><th scope="col">Part</th><th scope="col">State</th><th scope="col">Detail</th><th scope="col">Since (UTC)</th></tr></thead><tbody>${parts}</tbody></table>`)}
<h2>Queue</h2><ul class="numbers"><li><strong>${queue.due}</strong> threads are due</li><li><strong>${queue.pullsDue}</strong> pull requests are due</li><li><strong>${queue.parked}</strong> jobs are parked for a person</li><li><strong>${queue.quarantined}</strong> mails could not be read</li></ul>
${putAside(aside, seen)}
<h2>Mailboxes</h2>${boxes.length === 0 ? html`<p>None was read yet.</p>` : scrolled('Mailboxes', html`<table><thead><tr><th scope="col">Mailbox</th><th scope="col">Host</th><th scope="col" class="figure">Last UID</th><th scope="col">Moved (UTC)</th></tr></thead><tbody>${boxes}</tbody></table>`)}
${alsoAs(['JSON', '/health.json'])}`;
}

/** Their inputs are in the store: the mails of a thread, the bytes of a mail. */
function putAside({ parked, quarantined }: PutAside, { csrf }: Seen): Html {
  const jobs = parked.map(
    (one) =>
      html`<tr><th scope="row">${one.subject}</th><td>${one.list}</td><td>${one.why}</td><td class="figure">${one.thread}</td><td>${time(one.at)}</td>${csrf === null ? '' : html`<td>${again(one, csrf)}</td>`}</tr>`,
  );
  const mails = quarantined.map(
    (one) =>
      html`<tr><th scope="row">${one.mailbox}</th><td>${one.host}</td><td class="figure">${one.uid}</td><td class="figure">${one.size}</td><td>${one.why}</td><td>${time(one.at)}</td></tr>`,
  );
  return html`${
    jobs.length === 0
      ? ''
      : html`<h2>Parked</h2>${scrolled('Parked', html`<table><thead><tr><th scope="col">Subject</th><th scope="col">List</th><th scope="col">Why</th><th scope="col" class="figure">Thread</th><th scope="col">At (UTC)</th>${csrf === null ? '' : html`<th scope="col">Decide</th>`}</tr></thead><tbody>${jobs}</tbody></table>`)}`
  }${
    mails.length === 0
      ? ''
      : html`<h2>Mail that could not be read</h2>${scrolled('Mail that could not be read', html`<table><thead><tr><th scope="col">Mailbox</th><th scope="col">Host</th><th scope="col" class="figure">UID</th><th scope="col" class="figure">Bytes</th><th scope="col">Why</th><th scope="col">At (UTC)</th></tr></thead><tbody>${mails}</tbody></table>`)}`
  }`;
}

function again({ thread, subject }: PutAside['parked'][number], csrf: string): Html {
  return html`<form class="inline" method="post" action="/parked/${thread}"><input type="hidden" name="csrf" value="${csrf}"><button aria-label="Try ${subject} again">Try again</button></form>`;
}
