/** What was posted under which fault, and when it was answered -> a row for each fault. */
import { seeded } from './random.js';

/** `-` where no round had it. */
type Seconds = number | '-';

export interface Posted {
  readonly id: string;
  readonly fault: string;
  /** As performance.now() has it. */
  readonly at: number;
}

export interface StormRow {
  readonly fault: string;
  readonly rounds: number;
  /** Seconds from the posting of a round's series, and of its pull request, to the answer. */
  readonly median: Seconds;
  readonly longest: Seconds;
  readonly pulls: number;
  readonly 'pull median': Seconds;
  readonly 'pull longest': Seconds;
}

export interface Answers {
  readonly posted: readonly Posted[];
  readonly answeredAt: ReadonlyMap<string, readonly number[]>;
}

export function rowOf(fault: string, list: Answers, pulls: Answers): StormRow {
  const [own, theirs] = [timesOf(fault, list), timesOf(fault, pulls)];
  return {
    fault,
    rounds: own.posted,
    median: own.median,
    longest: own.longest,
    pulls: theirs.posted,
    'pull median': theirs.median,
    'pull longest': theirs.longest,
  };
}

function timesOf(fault: string, { posted, answeredAt }: Answers) {
  const own = posted.filter((one) => one.fault === fault);
  const took = own
    .flatMap(({ id, at }) => (answeredAt.get(id) ?? []).slice(0, 1).map((then) => (then - at) / 1000))
    .sort((a, b) => a - b);
  const round = (seconds: number | undefined): Seconds => (seconds === undefined ? '-' : Math.round(seconds * 10) / 10);
  return { posted: own.length, median: round(took[took.length >> 1]), longest: round(took.at(-1)) };
}

export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = seeded(seed);
  const out = [...items];
  for (let at = out.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [out[at], out[other]] = [out[other] as T, out[at] as T];
  }
  return out;
}
