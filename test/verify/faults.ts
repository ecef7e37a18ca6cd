/** `npm run verify:faults -- --seconds 60`: prints what each fault did and whether anything was lost. */
import { parseArgs } from 'node:util';
import { diskFills, imapStops, smtpRefuses, smtpSwallows } from './fault-rounds.js';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
for (const fault of [() => smtpRefuses(3), smtpSwallows, diskFills, () => imapStops(Number(values.seconds))]) {
  const result = await fault();
  if (result === null) continue;
  const good = result.answered === result.series && result.twice === 0 && result.healthAfter;
  console.log(
    `${good ? 'ok   ' : 'WRONG'} ${result.fault}: ${result.series} series, ${result.answered} answered, ${result.twice} twice; healthy after: ${result.healthAfter}`,
  );
  console.log(`      health: ${result.health}`);
  console.log(`      log:    ${result.log}`);
  if (!good) process.exitCode = 1;
}
process.exit();
