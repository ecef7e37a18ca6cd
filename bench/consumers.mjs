/**
 * What does it cost to ask who uses a member, over the whole tree? Cold is a process of its own, from opening the tree and its index to the
 * answer; warm is the median of further questions in one process. The index must be there: the first run makes it.
 *
 *   npm run bench:consumers -- TREE BUILD [MEMBER...]
 *
 * TREE is kernel source, BUILD its build directory; a MEMBER is written `task_struct.pid`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { treeInput } from '../dist/disk/tree-input.js';
import { consumersOf } from '../dist/kabi/consumers/consumers.js';

const common = [
  'task_struct.pid',
  'task_struct.flags',
  'page.flags',
  'inode.i_lock',
  'sk_buff.data',
  'net_device.name',
  'list_head.next',
];
const rare = [
  'mm_struct.owner',
  'zone.lock',
  'genl_ops.flags',
  'usb_device.state',
  'scsi_device.lun',
  'device.parent',
  'file.f_mode',
];
const [tree = 'absent', build = 'absent', ...asked] = process.argv.slice(2);
const one = process.env.KABI_BENCH_ONE;
if (!existsSync(tree) || !existsSync(build)) {
  console.log('skipped: name a kernel tree and its build directory');
  process.exit(0);
}

/** Milliseconds to the answer, and how many consumers it has. */
function ask(question, name) {
  const [record, member] = name.split('.');
  const begin = performance.now();
  const { consumers } = consumersOf([{ name: `struct ${record}`, members: [member], resized: false }], question);
  return { ms: performance.now() - begin, found: consumers.length };
}

if (one !== undefined) {
  const question = treeInput({ tree, build: [build], arch: null }).whoUses();
  ask(question, one);
  const { user, system } = process.cpuUsage();
  console.log(
    JSON.stringify({ ms: performance.now(), cpu: (user + system) / 1000, rss: process.resourceUsage().maxRSS / 1024 }),
  );
} else {
  const names = asked.length > 0 ? asked : [...common, ...rare];
  const question = treeInput({ tree, build: [build], arch: null }).whoUses();
  console.log('| member | consumers | cold ms | cold CPU ms | peak MB | warm ms |\n|---|---|---|---|---|---|');
  for (const name of names) {
    const env = { ...process.env, KABI_BENCH_ONE: name };
    const { stdout } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), tree, build], {
      env,
      encoding: 'utf8',
    });
    const cold = JSON.parse(stdout);
    const warm = Array.from({ length: 5 }, () => ask(question, name));
    const median = warm.map(({ ms }) => ms).sort((a, b) => a - b)[2];
    const figures = [warm[0].found, cold.ms.toFixed(0), cold.cpu.toFixed(0), cold.rss.toFixed(0), median.toFixed(0)];
    console.log(`| ${name} | ${figures.join(' | ')} |`);
  }
}
