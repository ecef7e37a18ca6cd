/** `npm run verify:kill -- --seed 1 --kills 50 --series 100 --store folder|postgres` */
import { parseArgs } from 'node:util';
import { killRounds } from './kill-rounds.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    kills: { type: 'string', default: '50' },
    series: { type: 'string', default: '100' },
    store: { type: 'string', default: 'folder' },
  },
});
const result = await killRounds({
  seed: Number(values.seed),
  kills: Number(values.kills),
  series: Number(values.series),
  store: values.store === 'postgres' ? 'postgres' : 'folder',
  say: (text) => console.log(text),
});
if (result !== null) {
  console.log(
    `seed ${values.seed}, store ${values.store}: ${result.kills} kills, ${result.mails} mails, ${values.series} series in ${result.seconds.toFixed(0)} s`,
  );
  console.table(result.moments);
  console.log(`answered: ${result.answered}; twice: ${result.twice.length}; never: ${result.never.length}`);
  for (const id of result.twice) console.log(`twice: ${id}`);
  for (const id of result.never) console.log(`never: ${id}`);
  if (result.twice.length + result.never.length > 0) process.exitCode = 1;
}
process.exit();
