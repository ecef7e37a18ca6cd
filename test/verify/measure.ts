/** What processes and tables take: memory of a service with its workers, processor time, rows and bytes of every table. */
import { readdirSync, readFileSync } from 'node:fs';
import type pg from 'pg';
import { usageOf } from '../../src/service/process-usage.js';

export interface Taken {
  /** In memory now. */
  readonly bytes: number;
  /** Since it began; of children that ended, too. */
  readonly cpuMs: number;
}

/** A process, and apart from it the processes that it started and that still run. */
export function takenBy(pid: number): { readonly own: Taken; readonly children: Taken } {
  let children: Taken = { bytes: 0, cpuMs: 0 };
  for (const child of childrenOf(pid)) {
    const { own, children: deeper } = takenBy(child);
    children = {
      bytes: children.bytes + own.bytes + deeper.bytes,
      cpuMs: children.cpuMs + own.cpuMs + deeper.cpuMs,
    };
  }
  const usage = usageOf(pid);
  const own = { bytes: usage?.memoryBytes ?? 0, cpuMs: usage?.cpuMs ?? 0 };
  return { own, children: { ...children, cpuMs: children.cpuMs + endedChildrenMs(pid) } };
}

export function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

function endedChildrenMs(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[13]) + Number(fields[14])) * 10;
  } catch {
    return 0;
  }
}

/** Rows by table; the queue's tables are those of pg-boss. */
export async function rowsOf(admin: pg.Client): Promise<Map<string, number>> {
  const { rows } = await admin.query<{ name: string }>(
    `select schemaname || '.' || tablename as name from pg_tables where schemaname in ('kabiwatch', 'pgboss') order by 1`,
  );
  const counts = new Map<string, number>();
  for (const { name } of rows) {
    // Partitions are counted with what they are parts of.
    if (/^pgboss\.j[0-9a-f]{20}/.test(name)) continue;
    const [schema, table] = name.split('.');
    const { rows: counted } = await admin.query<{ n: string }>(`select count(*) as n from "${schema}"."${table}"`);
    counts.set(name, Number(counted[0]?.n ?? 0));
  }
  return counts;
}

export async function databaseBytes(admin: pg.Client): Promise<number> {
  const { rows } = await admin.query<{ n: string }>('select pg_database_size(current_database()) as n');
  return Number(rows[0]?.n ?? 0);
}
