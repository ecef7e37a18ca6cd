#!/usr/bin/env node
/** The command line: one file a command, wired here. Also the place where errors become an exit code and one clear line. */
import { Command } from 'commander';
import { errorTable, KabiwatchError } from '../errors.js';
import { addCompare } from './compare.js';
import { addCrc } from './crc.js';
import { addDoctor } from './doctor.js';
import { addGithub } from './github.js';
import { addInit } from './init.js';
import { addLayout } from './layout.js';
import { addReference } from './reference.js';
import { addReplay } from './replay.js';
import { addReview } from './review.js';
import { addServe } from './serve.js';
import { addThread } from './thread.js';

const program = new Command('kabiwatch')
  .description('Says what a kernel patch series does to the binary interface between the kernel and its modules.')
  .showHelpAfterError('(run with --help for examples)')
  // Bad usage is exit code 2, as DESIGN has it; 1 says something about a series.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));

addReview(program);
addThread(program);
addReplay(program);
addLayout(program);
addCrc(program);
addServe(program);
addInit(program);
addDoctor(program);
addGithub(program);
addReference(program);
addCompare(program);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof KabiwatchError)) throw error;
  console.error(`kabiwatch: ${error.message}`);
  process.exitCode = errorTable[error.code].exit;
}
