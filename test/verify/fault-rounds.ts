/** What the world does to a service: the mail server goes away, the mail relay refuses for now, the disk is full. Nothing may be lost or repeated. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { mailOf, series } from '../demo/thread.js';
import { type Dovecot, startDovecot } from '../servers/dovecot.js';
import { run, scratchFolder, until } from '../servers/run.js';
import { configuration, type ServiceProcess, startProcess } from '../servers/service.js';
import { type SmallSmtp, startSmtp } from '../servers/smtp.js';

export interface FaultResult {
  readonly fault: string;
  /** What /healthz said while it lasted, and the log's line. */
  readonly health: string;
  readonly log: string;
  readonly series: number;
  readonly answered: number;
  readonly twice: number;
  readonly healthAfter: boolean;
}

interface Scene {
  readonly dovecot: Dovecot;
  readonly smtp: SmallSmtp;
  readonly service: ServiceProcess;
  readonly folder: string;
  /** Delivers one more series. */
  post(): Promise<void>;
  health(): Promise<{ ok: boolean; parts: Record<string, { ok: boolean; detail: string }> }>;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Stages one fault in the middle of three series; null where a server is missing. */
async function stage(
  fault: string,
  folder: string,
  happen: (scene: Scene) => Promise<{ health: string; log: string }>,
): Promise<FaultResult | null> {
  const dovecot = await startDovecot();
  if (dovecot === null) return null;
  const smtp = await startSmtp((mail) => dovecot.add([mail.raw]));
  const config = configuration(
    folder,
    { imapPort: dovecot.port, user: dovecot.user, mailbox: dovecot.mailbox, smtpPort: smtp.port },
    {
      posting: { perHour: 1000, perListHour: 1000, retry: '1s', unsureGrace: '5s', sendingLease: '10s' },
      watching: { poll: '2s' },
    },
    { mode: 'list', reply: 'always', quiet: '3s' },
  );
  const service = startProcess(`${folder}/kabiwatch.yaml`, config);
  let posted = 0;
  const scene: Scene = {
    dovecot,
    smtp,
    service,
    folder,
    post: () => dovecot.add(series(`f${posted++}`).map((part) => mailOf(part))),
    async health() {
      return (await fetch(`http://127.0.0.1:${service.port()}/healthz`)).json() as ReturnType<Scene['health']>;
    },
  };
  try {
    await until('the service runs', () => service.port() !== null, 60_000);
    await scene.post();
    await until('the first answer', () => smtp.mails.length === 1, 60_000);
    const { health, log } = await happen(scene);
    await scene.post();
    const ids = () => smtp.mails.map(({ messageId }) => messageId);
    await until('all are answered', () => new Set(ids()).size >= posted, 120_000).catch(() => {});
    await pause(7000);
    return {
      fault,
      health,
      log,
      series: posted,
      answered: new Set(ids()).size,
      twice: ids().length - new Set(ids()).size,
      healthAfter: (await scene.health()).ok,
    };
  } finally {
    await service.stop();
    await smtp.stop();
    await dovecot.stop();
  }
}

/** The detail of the first part that does not work, once there is one. */
async function sick(scene: Scene): Promise<string> {
  let found = '';
  await until(
    'health shows it',
    async () => {
      const { ok, parts } = await scene.health();
      const [part, state] = Object.entries(parts).find(([, one]) => !one.ok) ?? [];
      if (part !== undefined) found = `${part}: ${state?.detail}`;
      return !ok;
    },
    30_000,
  );
  return found;
}

function logged(scene: Scene, wanted: RegExp): string {
  const line = scene.service.lines.find((one) => wanted.test(JSON.stringify(one)));
  return line === undefined ? '' : JSON.stringify(line);
}

export async function imapStops(seconds: number): Promise<FaultResult | null> {
  const folder = scratchFolder('faults');
  const result = await stage(`IMAP stopped for ${seconds} s`, folder.path, async (scene) => {
    await scene.dovecot.pause();
    const health = await sick(scene);
    await pause(seconds * 1000);
    await scene.dovecot.resume();
    await scene.post();
    return { health, log: logged(scene, /"part":"mailbox.*does not work/) };
  });
  folder.remove();
  return result;
}

export async function smtpRefuses(times: number): Promise<FaultResult | null> {
  const folder = scratchFolder('faults');
  const result = await stage(`SMTP answers 421 ${times} times, then 250`, folder.path, async (scene) => {
    for (let n = 0; n < times; n++) scene.smtp.plan.push({ kind: 'refuse', code: 421 });
    await scene.post();
    return { health: await sick(scene), log: logged(scene, /reply refused for now/) };
  });
  folder.remove();
  return result;
}

/** The answer after the text is lost: the mail is on the list, and must not be sent again. */
export async function smtpSwallows(): Promise<FaultResult | null> {
  const folder = scratchFolder('faults');
  const result = await stage('SMTP takes a mail and never answers', folder.path, async (scene) => {
    scene.smtp.plan.push({ kind: 'swallow' });
    await scene.post();
    await until('it is found', () => logged(scene, /the reply is on the list/) !== '', 60_000);
    return { health: '-', log: logged(scene, /the answer was lost/) };
  });
  folder.remove();
  return result;
}

/** The store on a disk of its own that another program fills; null without the right to mount one. */
export async function diskFills(): Promise<FaultResult | null> {
  const folder = scratchFolder('faults');
  const disk = `${folder.path}/data`;
  mkdirSync(disk);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=120m', 'tmpfs', disk]);
  } catch {
    process.stderr.write('skipped: a disk of its own cannot be mounted here\n');
    folder.remove();
    return null;
  }
  try {
    return await stage('disk full for the store', folder.path, async (scene) => {
      const filler = `${disk}/filler`;
      for (let size = 1 << 20, n = 0; size >= 4096; ) {
        try {
          writeFileSync(`${filler}.${n++}`, new Uint8Array(size));
        } catch {
          size >>= 1;
        }
      }
      // More than the free space inside the database's own files can take.
      for (let n = 0; n < 10; n++) await scene.post();
      await scene.dovecot.add([
        Buffer.from(
          `From: A <a@example.org>\r\nSubject: long\r\nMessage-ID: <long@x>\r\n\r\n${'x\r\n'.repeat(900_000)}`,
        ),
      ]);
      const health = await sick(scene);
      const log = logged(scene, /disk is full/);
      await pause(3000);
      for (let n = 0; n < 200; n++) rmSync(`${filler}.${n}`, { force: true });
      return { health, log };
    });
  } finally {
    await run('umount', [disk]).catch(() => {});
    folder.remove();
  }
}
