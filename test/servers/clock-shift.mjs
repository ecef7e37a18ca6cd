// Preloaded into a process whose wall clock is to jump: Date is ahead by the milliseconds in the file that KABIWATCH_TEST_CLOCK names.
import { readFileSync } from 'node:fs';

const RealDate = Date;
const file = process.env.KABIWATCH_TEST_CLOCK;
let shift = 0;
setInterval(() => {
  try {
    shift = Number(readFileSync(file, 'utf8')) || 0;
  } catch {
    shift = 0;
  }
}, 100).unref();

globalThis.Date = class ShiftedDate extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + shift);
    else super(...args);
  }
  static now() {
    return RealDate.now() + shift;
  }
};
