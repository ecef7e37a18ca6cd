#!/usr/bin/env node
/** The command line: one file a command, wired here. Also the place where errors become an exit code and one clear line. */
import { setFlagsFromString } from 'node:v8';
import { Command } from 'commander';
import { errorTable, KabiwatchError } from '../errors.js';
import { engineVersion } from '../service/engine.js';

// A command lives for a second. V8 would optimise a function after 132 kB of its bytecode were run, and again when what it assumed then
// fails; three times later it throws less away (bench/layout.mjs: a sixth of the whole process).
setFlagsFromString('--interrupt-budget=400000');

/** Each command's file, loaded when its command is called: a server's libraries take longer to load than a layout to print. */
const commands: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  review: async () => (await import('./review.js')).addReview,
  thread: async () => (await import('./thread.js')).addThread,
  replay: async () => (await import('./replay.js')).addReplay,
  layout: async () => (await import('./layout.js')).addLayout,
  crc: addsCrc,
  symtypes: addsCrc,
  serve: async () => (await import('./serve.js')).addServe,
  init: async () => (await import('./init.js')).addInit,
  doctor: async () => (await import('./doctor.js')).addDoctor,
  github: async () => (await import('./github.js')).addGithub,
  reference: async () => (await import('./reference.js')).addReference,
  compare: async () => (await import('./compare.js')).addCompare,
};

async function addsCrc(): Promise<(program: Command) => void> {
  return (await import('./crc.js')).addCrc;
}

const program = new Command('kabiwatch')
  .description('Says what a kernel patch series does to the binary interface between the kernel and its modules.')
  .version(engineVersion(), '--version')
  .showHelpAfterError('(run with --help for examples)')
  // Bad usage is exit code 2, as DESIGN has it; 1 says something about a series.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));

const called = process.argv[2] ?? '';
// Help, and what is no command, are answered from all of them.
const loads = Object.hasOwn(commands, called) ? [commands[called]] : new Set(Object.values(commands));
for (const load of loads) (await load?.())?.(program);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof KabiwatchError)) throw error;
  console.error(`kabiwatch: ${error.message}`);
  process.exitCode = errorTable[error.code].exit;
}
