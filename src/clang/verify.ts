/** `review --verify`: each layout that a review tells, laid out again by clang. */

import type { Review } from '../kabi/review.js';
import { compared, type LayoutAnswer, layoutQuestions, type OpinionRequest } from '../kabi/second-opinion.js';
import { recordLayouts } from './record-layouts.js';

/** Throws clang-missing where the package is not installed; asks nothing where no layout changed. */
export async function verified(review: Review, request: OpinionRequest): Promise<Review> {
  const answers: LayoutAnswer[] = [];
  for (const question of layoutQuestions(review, request))
    answers.push({ question, records: await recordLayouts(question) });
  return compared(review, answers, request.most);
}
