/**
 * `npm run verify:faults`: two hundred rounds of seeded faults (KABI_ROUNDS, KABI_SEED), then single ones with what they look like from outside
 * (`-- --seconds 60` for how long IMAP is away). `npm run verify:github` has each failure of GitHub at each call.
 */
import { parseArgs } from 'node:util';
import { diskFills, imapStops, smtpRefuses, smtpSwallows } from './fault-rounds.js';
import { storm } from './storm.js';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const [rounds, seed] = [Number(process.env.KABI_ROUNDS ?? 200), Number(process.env.KABI_SEED ?? 1)];
const result = await storm({ seed, rounds, say: (text) => console.log(text) });
if (result !== null) {
  console.log(
    `seed ${seed}: ${rounds} rounds in ${result.seconds.toFixed(0)} s; seconds until the round's series and its pull request were answered:`,
  );
  // In a few rounds not every fault has its turn, nor a pull request.
  console.table(result.rows.filter((row) => row.rounds > 0));
  console.log(
    `${result.series} series, ${result.answered} answered; ${result.pulls} pull requests, ${result.pullsAnswered} answered; ${result.twice.length} twice, ${result.never.length} never`,
  );
  console.log(`left behind: ${JSON.stringify(result.left)}`);
  for (const id of result.twice) console.log(`twice: ${id}`);
  for (const id of result.never) console.log(`never: ${id}`);
  if (result.twice.length + result.never.length + Object.values(result.left).reduce((sum, one) => sum + one, 0) > 0)
    process.exitCode = 1;
  console.log(process.exitCode === 1 ? 'WRONG' : 'ok');
}
for (const fault of [() => smtpRefuses(3), smtpSwallows, diskFills, () => imapStops(Number(values.seconds))]) {
  const single = await fault();
  if (single === null) continue;
  const good = single.answered === single.series && single.twice === 0 && single.healthAfter;
  console.log(
    `${good ? 'ok   ' : 'WRONG'} ${single.fault}: ${single.series} series, ${single.answered} answered, ${single.twice} twice; healthy after: ${single.healthAfter}`,
  );
  console.log(`      health: ${single.health}`);
  console.log(`      log:    ${single.log}`);
  if (!good) process.exitCode = 1;
}
process.exit();
