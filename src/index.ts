/** kabiwatch as a library: the steps of docs/architecture.md by their names. `reviewSeries` reads nothing but what it is given. */

export { type TreeInput, treeInput } from './disk/tree-input.js';
export { openTree } from './disk/trees/open-tree.js';
export { KabiwatchError } from './errors.js';
export type { Review, Verdict } from './kabi/review.js';
export { type ReviewRequest, reviewSeries } from './kabi/review-series.js';
export { assemble, seriesOf } from './mail/assemble.js';
export { splitMbox } from './mail/mbox.js';
export { type Message, readMessage } from './mail/message.js';
export type { Series } from './patch/series.js';
export { textReport } from './report/text.js';
export type { SourceTree } from './tree/source-tree.js';
