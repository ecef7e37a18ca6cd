/** Review -> what a GitHub Action step prints and writes: workflow commands on stdout, Markdown for the step summary. */
import type { Review } from '../kabi/review.js';
import { annotationsOf, checkText } from './github.js';

/** Workflow commands: `::error file=…,line=…::text`, one a line; the escapes are GitHub's. */
export function actionAnnotations(review: Review): string {
  const data = (text: string) => text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
  const property = (text: string) => data(text).replace(/:/g, '%3A').replace(/,/g, '%2C');
  const command = { failure: 'error', warning: 'warning', notice: 'notice' };
  return annotationsOf(review)
    .map(
      ({ annotation_level, path, start_line, title, message }) =>
        `::${command[annotation_level]} file=${property(path)},line=${start_line},title=${property(title)}::${data(message)}\n`,
    )
    .join('');
}

/** For the file that GITHUB_STEP_SUMMARY names; well under its limit of 1 MiB. */
export function actionSummary(review: Review): string {
  const { summary, text } = checkText(review, {
    targets: [],
    policy: 'enforced',
    accepted: null,
    url: null,
    head: '',
    previous: null,
    elsewhere: [],
  });
  return `### kABI: ${review.verdict}\n\n${summary}\n\n${text}\n`;
}
