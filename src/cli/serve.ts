/** `kabiwatch serve`: runs until SIGTERM or SIGINT, which drain; a second signal ends at once. */
import type { Command } from 'commander';
import { KabiwatchError } from '../errors.js';
import { Listen } from '../service/config.js';
import { readConfig } from '../service/config-file.js';
import { type Role, roles, startService } from '../service/start.js';

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('watch mailboxes, review what arrives, and answer')
    .option('--config <file>', 'the configuration', 'kabiwatch.yaml')
    .option(
      '--role <names>',
      `what this process does, of ${roles.join(',')}; several processes need PostgreSQL`,
      roles.join(','),
    )
    .option('--listen <address:port>', 'where this process answers /healthz and /metrics, and the role web its pages')
    .addHelpText(
      'after',
      '\nExamples:\n  kabiwatch serve\n  kabiwatch serve --config /etc/kabiwatch.yaml --role work\n',
    )
    .action(async (options: { config: string; role: string; listen?: string }) => {
      const config = readConfig(options.config);
      const listen = readListen(options.listen);
      const service = await startService(config, { roles: readRoles(options.role), ...listen });
      await new Promise<void>((resolve) => {
        let asked = false;
        const stop = () => {
          if (asked) process.exit(1);
          asked = true;
          void service.stop().then(resolve);
        };
        process.on('SIGTERM', stop);
        process.on('SIGINT', stop);
      });
      process.exit(0);
    });
}

function readRoles(text: string): Role[] {
  const names = text.split(',').map((name) => name.trim());
  const wrong = names.find((name) => !roles.some((role) => role === name));
  if (wrong !== undefined)
    throw new KabiwatchError('usage', { '--role': wrong, remedy: `use some of ${roles.join(',')}` });
  return roles.filter((role) => names.includes(role));
}

function readListen(text: string | undefined): { readonly listen?: string } {
  if (text === undefined) return {};
  const read = Listen.safeParse(text);
  if (read.success) return { listen: read.data };
  throw new KabiwatchError('usage', { '--listen': text, remedy: 'write ADDRESS:PORT, for instance 127.0.0.1:8080' });
}
