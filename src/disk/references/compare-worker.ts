/** A thread of compare-pool.ts: a unit comes in, what differs in it between both trees goes out; each name that it saw is sent once a thread. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Unit } from '../../c/preprocess/preprocess.js';
import { type TargetName, targets } from '../../c/target.js';
import { type ComparedUnit, compareUnit, type UnitQuestion } from '../../kabi/units/compare-unit.js';
import { nothingSeen, type Seen } from '../../kabi/units/unit-change.js';
import { overlayFiles } from '../../tree/overlay.js';
import { type BuildPlace, openBuild } from './build-world.js';
import { type CrcMode, versionerOf } from './versioner.js';

export interface ComparePlace {
  readonly before: BuildPlace;
  readonly crcMode: CrcMode;
  /** What the series makes of files of the tree before. */
  readonly changed: ReadonlyMap<string, Uint8Array | null>;
}

export interface CompareJob {
  readonly question: UnitQuestion;
  /** How it is compiled. */
  readonly unit: Unit | null;
}

const { before, changed, crcMode } = workerData as ComparePlace;
const { tree, cache } = openBuild(before);
const trees = { before: tree, after: overlayFiles(tree, changed, tree.id) };
const target = targets[before.arch as TargetName];
const versions = versionerOf(crcMode, before.version);
const sent = nothingSeen();

function answer({ question, unit }: CompareJob): ComparedUnit {
  const compared = compareUnit(question, trees, { build: { target, unitOf: () => unit }, versions, cache });
  return { ...compared, seen: newIn(compared.seen) };
}

function newIn(seen: Seen): Seen {
  return {
    read: newOf(seen.read, sent.read),
    prototypes: newOf(seen.prototypes, sent.prototypes),
    reached: newOf(seen.reached, sent.reached),
    after: newOf(seen.after, sent.after),
  };
}

function newOf(names: ReadonlySet<string>, known: Set<string>): Set<string> {
  const news = new Set([...names].filter((name) => !known.has(name)));
  for (const name of news) known.add(name);
  return news;
}

parentPort?.on('message', (job: CompareJob) => parentPort?.postMessage(answer(job)));
