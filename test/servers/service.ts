/** `kabiwatch serve` as a process of its own, from the compiled program, with a configuration written for it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { end } from './run.js';

export interface ServiceProcess {
  readonly child: ChildProcess;
  /** Log lines, parsed. */
  readonly lines: Record<string, unknown>[];
  /** Port of /healthz, once it is known. */
  port(): number | null;
  /** SIGTERM, and waits. */
  stop(): Promise<void>;
  kill(): Promise<void>;
}

export function startProcess(
  configFile: string,
  config: string,
  options: { readonly role?: string; readonly said?: (line: string) => void; readonly env?: NodeJS.ProcessEnv } = {},
): ServiceProcess {
  writeFileSync(configFile, config);
  const args = [
    'dist/cli/main.js',
    'serve',
    '--config',
    configFile,
    ...(options.role === undefined ? [] : ['--role', options.role]),
  ];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, KABIWATCH_TEST_PASSWORD: 'secret', ...options.env },
  });
  const lines: Record<string, unknown>[] = [];
  if (child.stderr !== null) {
    createInterface(child.stderr).on('line', (line) => {
      options.said?.(line);
      try {
        lines.push(JSON.parse(line));
      } catch {
        lines.push({ msg: line });
      }
    });
  }
  return {
    child,
    lines,
    port: () => (lines.find(({ msg }) => msg === 'kabiwatch is running')?.port as number | undefined) ?? null,
    stop: () => end(child),
    kill: () => end(child, 'SIGKILL'),
  };
}

export interface Servers {
  readonly imapPort: number;
  readonly user: string;
  readonly mailbox: string;
  readonly smtpPort: number;
}

/** `posting` of a service that answers more in minutes than any list takes in a day. */
export const withoutLimits = { perHour: 100_000, perListHour: 100_000, breakerBursts: 100_000, retry: '1s' };

/** JSON is YAML. `over` is laid over the parts of the same name. */
export function configuration(
  folder: string,
  servers: Servers,
  over: Record<string, unknown> = {},
  list: Record<string, unknown> = {},
): string {
  return JSON.stringify(
    {
      store: { folder: `${folder}/data` },
      bot: { address: 'kabiwatch@bot.example.org' },
      accounts: [
        {
          name: 'main',
          host: '127.0.0.1',
          port: servers.imapPort,
          tls: 'none',
          user: servers.user,
          password: { env: 'KABIWATCH_TEST_PASSWORD' },
        },
      ],
      lists: [
        {
          name: 'kernel-list',
          address: 'kernel-list@example.org',
          account: 'main',
          mailbox: servers.mailbox,
          start: 'all',
          ...list,
        },
      ],
      smtp: { host: '127.0.0.1', port: servers.smtpPort, tls: 'none', timeout: '5s' },
      replies: `${folder}/replies`,
      web: { listen: '127.0.0.1:0' },
      health: { listen: '127.0.0.1:0' },
      ...over,
    },
    null,
    1,
  );
}
