/** How the parts are, what waits, where reading stands in each mailbox. */
import { html } from 'hono/html';
import type { Health } from '../service/health.js';
import type { QueueState } from '../service/store/views.js';
import { type Html, scrolled, time } from './page.js';

export function healthPage(health: ReturnType<Health['read']>, queue: QueueState): Html {
  const parts = Object.entries(health.parts).map(
    ([name, part]) =>
      html`<tr><th scope="row">${name}</th><td><span class="${part.ok ? 'good' : 'bad'}">${part.ok ? 'works' : 'does not work'}</span></td><td>${part.detail}</td><td>${time(new Date(part.since))}</td></tr>`,
  );
  const boxes = queue.mailboxes.map(
    (box) =>
      html`<tr><th scope="row">${box.mailbox}</th><td>${box.host}</td><td>${box.lastUid}</td><td>${time(box.movedAt)}</td></tr>`,
  );
  return html`<p class="banner ${health.ok ? 'good' : 'bad'}">${health.ok ? 'Every part works.' : 'Something does not work.'}</p>
${scrolled('Parts', html`<table><thead><tr><th scope="col">Part</th><th scope="col">State</th><th scope="col">Detail</th><th scope="col">Since (UTC)</th></tr></thead><tbody>${parts}</tbody></table>`)}
<h2>Queue</h2><ul class="numbers"><li><strong>${queue.due}</strong> threads are due</li><li><strong>${queue.pullsDue}</strong> pull requests are due</li><li><strong>${queue.parked}</strong> jobs are parked for a person</li><li><strong>${queue.quarantined}</strong> mails could not be read</li></ul>
<h2>Mailboxes</h2>${boxes.length === 0 ? html`<p>None was read yet.</p>` : scrolled('Mailboxes', html`<table><thead><tr><th scope="col">Mailbox</th><th scope="col">Host</th><th scope="col">Last UID</th><th scope="col">Moved</th></tr></thead><tbody>${boxes}</tbody></table>`)}`;
}
