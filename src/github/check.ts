/**
 * The check `kabi`: one for each head, found before it is made. Annotations can be added but never taken back, so the check counts how many
 * are there and goes on from that; a different set of annotations (another base, another engine) gets a check of its own.
 */
import { createHash } from 'node:crypto';
import type { Annotation, CheckText } from '../report/github.js';
import type { Client } from './app.js';
import { checkId, pullOfCheck } from './events.js';
import type { Pull } from './pull.js';

const checkName = 'kabi';
const batch = 50;

export interface Check {
  readonly id: number;
  readonly externalId: string;
  readonly status: string;
  readonly conclusion: string | null;
  readonly title: string | null;
  readonly summary: string | null;
  readonly text: string | null;
  readonly annotations: number;
}

export interface Place {
  readonly client: Client;
  readonly pull: Pull;
  readonly appId: number;
  /** Rejects when somebody else works on this pull by now: asked before anything is made. */
  readonly mine: () => Promise<void>;
}

/** The latest check of this pull at its head. */
async function findCheck({ client, pull, appId }: Place): Promise<Check | null> {
  const [owner = '', repo = ''] = pull.repo.split('/');
  const runs = await client.paginate(client.rest.checks.listForRef, {
    owner,
    repo,
    ref: pull.head,
    check_name: checkName,
    filter: 'all',
    app_id: appId,
    per_page: 100,
  });
  const [run] = runs
    .filter(({ external_id }) => pullOfCheck(external_id ?? '') === pull.number)
    .sort((one, other) => other.id - one.id);
  if (run === undefined) return null;
  const { title, summary, text, annotations_count } = run.output;
  return {
    id: run.id,
    externalId: run.external_id ?? '',
    status: run.status,
    conclusion: run.conclusion,
    title,
    summary,
    text,
    annotations: annotations_count,
  };
}

/** There is a check for this head, so that people see that it is looked at. */
export async function beginCheck(place: Place, url: string | null): Promise<void> {
  if ((await findCheck(place)) === null) await createCheck(place, checkId(place.pull.number, 'new'), url);
}

async function createCheck(place: Place, externalId: string, url: string | null): Promise<Check> {
  const { client, pull } = place;
  const [owner = '', repo = ''] = pull.repo.split('/');
  await place.mine();
  const { data } = await client.rest.checks.create({
    owner,
    repo,
    name: checkName,
    head_sha: pull.head,
    external_id: externalId,
    status: 'in_progress',
    ...(url === null ? {} : { details_url: url }),
  });
  return {
    id: data.id,
    externalId,
    status: data.status,
    conclusion: null,
    title: null,
    summary: null,
    text: null,
    annotations: 0,
  };
}

/** False where it says so already. */
export async function finishCheck(
  place: Place,
  text: CheckText,
  more: { readonly url: string | null; readonly fix: boolean },
): Promise<boolean> {
  const { client, pull } = place;
  const [owner = '', repo = ''] = pull.repo.split('/');
  const externalId = checkId(pull.number, digestOf(text.annotations));
  let check = await findCheck(place);
  if (check === null || (check.annotations > 0 && check.externalId !== externalId))
    check = await createCheck(place, externalId, more.url);
  const output = { title: text.title, summary: text.summary, ...(text.text === '' ? {} : { text: text.text }) };
  const done =
    check.status === 'completed' &&
    check.conclusion === text.conclusion &&
    check.externalId === externalId &&
    check.title === text.title &&
    check.summary === text.summary &&
    (check.text ?? '') === text.text &&
    check.annotations === text.annotations.length;
  if (done) return false;
  let written = check.annotations;
  do {
    const next = text.annotations.slice(written, written + batch);
    written += next.length;
    const last = written === text.annotations.length;
    await place.mine();
    await client.rest.checks.update({
      owner,
      repo,
      check_run_id: check.id,
      external_id: externalId,
      ...(more.url === null ? {} : { details_url: more.url }),
      ...(last ? { status: 'completed', conclusion: text.conclusion } : { status: 'in_progress' }),
      output: { ...output, annotations: next.map((annotation) => ({ ...annotation })) },
      ...(last && more.fix
        ? { actions: [{ label: 'Show fix', description: 'Post the change that keeps the kABI', identifier: 'fix' }] }
        : {}),
    });
  } while (written < text.annotations.length);
  return true;
}

/** A check that was begun and will have no judgement is ended, so that nobody waits for it; a finished one stays as it is. */
export async function dropCheck(place: Place, title: string): Promise<void> {
  const check = await findCheck(place);
  if (check === null || check.status === 'completed') return;
  const { client, pull } = place;
  const [owner = '', repo = ''] = pull.repo.split('/');
  await place.mine();
  await client.rest.checks.update({
    owner,
    repo,
    check_run_id: check.id,
    status: 'completed',
    conclusion: 'neutral',
    output: { title, summary: 'This head was not judged.' },
  });
}

function digestOf(annotations: readonly Annotation[]): string {
  return createHash('sha256').update(JSON.stringify(annotations)).digest('hex').slice(0, 16);
}
