/** The files of deploy/ name what the program has: roles, options, metrics. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { startMetrics } from '../../src/service/metrics.js';
import { roles } from '../../src/service/start.js';
import { program } from '../servers/run.js';

test('every metric of the dashboard is one that the service has', async () => {
  const dashboard = JSON.parse(readFileSync('deploy/grafana/kabiwatch.json', 'utf8')) as {
    panels: { title: string; targets: { expr: string }[] }[];
  };
  const known = new Set(
    (await startMetrics().registry.getMetricsAsJSON()).flatMap(({ name, type }) =>
      String(type) === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );
  const used = dashboard.panels.flatMap(({ targets }) =>
    targets.flatMap(({ expr }) => expr.match(/\b(?:kabiwatch|process|nodejs)_\w+/g) ?? []),
  );
  expect(used.length).toBeGreaterThan(10);
  expect(used.filter((name) => !known.has(name))).toEqual([]);
});

test('the compose file runs each role once', () => {
  const { services } = parse(readFileSync('deploy/docker-compose.yml', 'utf8'), { merge: true }) as {
    services: Record<string, { command?: string[]; image: string; read_only?: boolean }>;
  };
  const own = Object.entries(services).filter(([name]) => name !== 'database');
  expect(own.map(([name]) => name)).toEqual([...roles]);
  for (const [name, { command, read_only }] of own) {
    expect(command?.slice(-2)).toEqual(['--role', name]);
    expect(read_only).toBe(true);
  }
});

test('docker-compose takes the file, and refuses it without the password', () => {
  const compose = program('docker-compose');
  if (compose === null) return console.log('skipped: docker-compose is not installed');
  // Debian's is older than the name of a project in the file itself.
  const file = readFileSync('deploy/docker-compose.yml', 'utf8').replace(/^name: .*$/m, '');
  const ask = (env: Record<string, string>) =>
    spawnSync(compose, ['-f', '-', 'config'], {
      input: file,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, ...env },
    });
  expect(ask({}).stderr).toContain('write it into .env');
  const taken = ask({ KABIWATCH_DATABASE_PASSWORD: 'p' });
  expect(taken.stderr).toBe('');
  const { services } = parse(taken.stdout) as { services: Record<string, { environment: Record<string, string> }> };
  expect(services.work?.environment.KABIWATCH_DATABASE_URL).toBe('postgresql://kabiwatch:p@database/kabiwatch');
});

test('each role of the compose file starts as the program says, and the image asks where it answers', () => {
  const { services } = parse(readFileSync('deploy/docker-compose.yml', 'utf8'), { merge: true }) as {
    services: Record<string, { command?: string[]; environment?: Record<string, string>; ports?: string[] }>;
  };
  const help = execFileSync(process.execPath, ['dist/cli/main.js', 'serve', '--help'], { encoding: 'utf8' });
  const docker = readFileSync('Dockerfile', 'utf8');
  const asked = /fetch\('http:\/\/127\.0\.0\.1:(\d+)\/healthz'\)/.exec(docker)?.[1];
  expect(docker).toContain('ENTRYPOINT ["kabiwatch"]');
  for (const name of roles) {
    const command = services[name]?.command ?? [];
    expect(command[0]).toBe('serve');
    for (const option of command.filter((word) => word.startsWith('--'))) expect(help).toContain(option);
    expect(command[command.indexOf('--listen') + 1]).toBe(`0.0.0.0:${asked}`);
  }
  expect(services.web?.ports?.[0]?.split(':').at(-1)).toBe(asked);
  // What a person fills in is what the containers are given.
  const filled = [...readFileSync('deploy/env.example', 'utf8').matchAll(/^(\w+)=/gm)].map(([, name]) => name);
  const used = [...readFileSync('deploy/docker-compose.yml', 'utf8').matchAll(/\$\{(\w+)/g)].map(([, name]) => name);
  expect(new Set(used)).toEqual(new Set(filled));
});

test('systemd knows every key of the unit', () => {
  const analyze = program('systemd-analyze');
  if (analyze === null) return console.log('skipped: systemd-analyze is not installed');
  // It names what it does not know on standard error, and fails where the program is not installed.
  const unit = readFileSync('deploy/kabiwatch.service', 'utf8').replace(
    /^ExecStart=\S+/m,
    `ExecStart=${process.execPath}`,
  );
  const said = execFileSync(
    'sh',
    ['-c', `d=$(mktemp -d); cat > $d/kabiwatch.service; ${analyze} verify $d/kabiwatch.service 2>&1 || true`],
    {
      input: unit,
      encoding: 'utf8',
    },
  );
  expect(
    said.split('\n').filter((line) => /kabiwatch\.service.*(?:Unknown|Failed to parse|ignoring)/.test(line)),
  ).toEqual([]);
});
