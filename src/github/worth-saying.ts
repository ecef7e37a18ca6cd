/** Does a review deserve a comment? */
import type { Review } from '../kabi/review.js';
import type { RepositoryConfig } from './repository-config.js';

/** Silence is the default where there is nothing to say; upstream, where nothing is promised, only a lie is worth a comment. */
export function worthSaying(review: Review, config: RepositoryConfig): boolean {
  if (config.comment !== 'findings') return config.comment === 'always';
  if (review.verdict === 'silent-break') return true;
  const severities = new Set(review.findings.map(({ severity }) => severity));
  if (config.policy === 'advisory') return severities.has('error');
  return (
    review.verdict === 'crc-break' ||
    review.verdict === 'conditional' ||
    severities.has('error') ||
    severities.has('warning')
  );
}
