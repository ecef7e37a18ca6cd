/** PostgreSQL by URL: a Store that many processes share. */
import pg from 'pg';
import type { Database, Store } from './database.js';

const int8 = 20;

export async function openPostgres(url: string): Promise<Store> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 8,
    connectionTimeoutMillis: 10_000,
    application_name: 'kabiwatch',
    types: {
      getTypeParser: ((oid: number, format?: never) =>
        oid === int8 ? Number : pg.types.getTypeParser(oid, format)) as never,
    },
  });
  // A connection that dies while idle is replaced on the next use; without a listener it would end the process.
  pool.on('error', () => {});
  const client = await pool.connect();
  client.release();
  return {
    ...over(pool),
    name: nameOf(url),
    shared: true,
    async transaction<T>(work: (tx: Database) => Promise<T>): Promise<T> {
      const client = await pool.connect();
      let broken = false;
      try {
        await client.query('begin');
        const result = await work(over(client));
        await client.query('commit');
        return result;
      } catch (error) {
        await client.query('rollback').catch(() => {
          broken = true;
        });
        throw error;
      } finally {
        client.release(broken);
      }
    },
    close: () => pool.end(),
  };
}

function over(client: pg.Pool | pg.PoolClient): Database {
  return {
    async query<Row>(text: string, values: readonly unknown[] = []) {
      return (await client.query(text, [...values])).rows as Row[];
    },
    async script(text) {
      const results = (await client.query(text)) as pg.QueryResult | pg.QueryResult[];
      return [results].flat().flatMap((result) => result.rows);
    },
  };
}

function nameOf(url: string): string {
  try {
    const { hostname, port, pathname } = new URL(url);
    return `postgresql://${hostname}${port && `:${port}`}${pathname}`;
  } catch {
    return 'postgresql';
  }
}
