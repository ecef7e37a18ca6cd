/** Labels by verdict: the one that holds is set, others that the configuration names are taken off. */
import type { Verdict } from '../kabi/review.js';
import type { Place } from './check.js';

export async function putLabels(
  { client, pull, mine }: Place,
  labels: Readonly<Partial<Record<Verdict, string>>>,
  verdict: Verdict,
): Promise<void> {
  const [owner = '', repo = ''] = pull.repo.split('/');
  const wanted = labels[verdict];
  if (wanted !== undefined && !pull.labels.has(wanted)) {
    await mine();
    await client.rest.issues.addLabels({ owner, repo, issue_number: pull.number, labels: [wanted] });
  }
  for (const name of new Set(Object.values(labels))) {
    if (name === wanted || !pull.labels.has(name)) continue;
    try {
      await client.rest.issues.removeLabel({ owner, repo, issue_number: pull.number, name });
    } catch (error) {
      if ((error as { status?: number }).status !== 404) throw error;
    }
  }
}
