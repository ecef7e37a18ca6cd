/** `kabiwatch serve`: runs until SIGTERM or SIGINT, which drain; a second signal ends at once. */
import type { Command } from 'commander';
import { KabiwatchError } from '../errors.js';
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
    .addHelpText(
      'after',
      '\nExamples:\n  kabiwatch serve\n  kabiwatch serve --config /etc/kabiwatch.yaml --role work\n',
    )
    .action(async (options: { config: string; role: string }) => {
      const config = readConfig(options.config);
      const service = await startService(config, { roles: readRoles(options.role) });
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
