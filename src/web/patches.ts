/** Patches with what was found at their lines: the lines as a table a file, each finding under the line that it speaks of. */
import { html } from 'hono/html';
import type { Finding } from '../kabi/review.js';
import type { ShownFile, ShownHunk, ShownPatch } from '../service/shown-patches.js';
import { type Html, scrolled, worded } from './page.js';

/** Files that something was found in are open, others can be opened. */
export function patchLines(patch: ShownPatch, findings: readonly Finding[]): Html {
  const files = patch.files
    .filter(({ hunks }) => hunks.length > 0)
    .map((file) => {
      const own = findings.filter((finding) => finding.file === file.path);
      const summary = `${file.path}${own.length === 0 ? '' : `, ${own.length} ${own.length === 1 ? 'finding' : 'findings'}`}`;
      return html`<details class="file"${own.length > 0 ? html` open` : ''}><summary><code>${summary}</code></summary>${linesOf(file, own)}</details>`;
    });
  return html`${files}${patch.left > 0 ? html`<p class="quiet">${patch.left} lines are not shown here.</p>` : ''}`;
}

function linesOf(file: ShownFile, findings: readonly Finding[]): Html {
  const rows = file.hunks.map((hunk) => hunkRows(hunk, findings));
  return scrolled(
    `Lines of ${file.path}`,
    html`<table class="diff"><thead><tr><th scope="col">Line</th><th scope="col">Text</th></tr></thead><tbody>${rows}</tbody></table>`,
  );
}

const marks: Readonly<Record<string, string>> = { '+': 'added', '-': 'removed', '\\': 'note' };

function hunkRows({ heading, afterStart, lines }: ShownHunk, findings: readonly Finding[]): Html {
  let at = afterStart;
  const rows = lines.map((text) => {
    const mark = text[0] ?? ' ';
    const isAfter = mark === ' ' || mark === '+';
    const number = isAfter ? at++ : null;
    const said = number === null ? [] : findings.filter(({ line }) => line === number);
    const own = html`<tr class="${marks[mark] ?? 'kept'}"><td class="number">${number ?? ''}</td><td><code>${text}</code></td></tr>`;
    return html`${own}${said.map(saidRow)}`;
  });
  return html`<tr class="heading"><td class="number">${afterStart}</td><td><code>@@ ${heading}</code></td></tr>${rows}`;
}

function saidRow(finding: Finding): Html {
  const { severity, rule } = finding;
  return html`<tr class="said ${severity}"><td></td><td><strong>${severity}</strong> <span class="rule">${rule}</span> ${toldOf(finding)}</td></tr>`;
}

/** What was found, and of which type or symbol. */
export function toldOf({ type, symbol, text }: Finding): Html {
  const name = type ?? symbol;
  return name === null ? worded(text) : html`<code>${name}</code>: ${worded(text)}`;
}
