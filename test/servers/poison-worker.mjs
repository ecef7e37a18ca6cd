// The worker, with what a fault in the engine could do: a mail says in X-Poison how its review goes wrong. Mails without it are reviewed as ever.
const evils = {
  loop() {
    for (;;);
  },
  long() {
    for (const end = performance.now() + 3000; performance.now() < end; );
  },
  regex() {
    return /^(a+)+$/.test(`${'a'.repeat(64)}!`);
  },
  memory() {
    const kept = [];
    for (let n = 0; n < 1024; n++) kept.push(new Array(131_072).fill(n));
    for (;;) kept.push(kept.length);
  },
  buffer() {
    const kept = [];
    for (let n = 0; n < 64; n++) kept.push(Buffer.alloc(1 << 24, n));
    for (;;) kept.push(kept.length);
  },
  exit() {
    process.exit(3);
  },
};

// Not before the worker listens: what comes to us alone would be lost.
await import('../../dist/service/worker.js');
process.on('message', (task) => {
  if (task.kind !== 'review') return;
  for (const mail of task.mails) {
    const [, name] = /^X-Poison: (\w+)/m.exec(Buffer.from(mail).toString('latin1', 0, 4096)) ?? [];
    evils[name]?.();
  }
});
