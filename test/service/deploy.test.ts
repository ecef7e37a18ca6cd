/** The files of deploy/ name what the program has: roles, options, metrics. */
import { execFileSync } from 'node:child_process';
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
