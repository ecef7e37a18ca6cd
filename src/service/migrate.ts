/** Numbered SQL files, each run once and in order, under a lock that also holds between machines. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Store } from './database.js';

/** An arbitrary number that means "kabiwatch migrates". */
const advisoryLock = 7_205_759;

const folder = new URL('./migrations/', import.meta.url);

/** Returns the names of the files that were run now. */
export async function migrate(store: Store): Promise<string[]> {
  const files = readdirSync(folder)
    .filter((name) => /^\d{3}-.*\.sql$/.test(name))
    .sort();
  return store.transaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1)', [advisoryLock]);
    await tx.script(`create schema if not exists kabiwatch;
      create table if not exists kabiwatch.migration (name text primary key, run_at timestamptz not null default now());`);
    const run = new Set(
      (await tx.query<{ name: string }>('select name from kabiwatch.migration')).map((row) => row.name),
    );
    const due = files.filter((name) => !run.has(name));
    for (const name of due) {
      await tx.script(readFileSync(new URL(name, folder), 'utf8'));
      await tx.query('insert into kabiwatch.migration (name) values ($1)', [name]);
    }
    return due;
  });
}
