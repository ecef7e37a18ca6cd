/**
 * One small interface over two databases: PGlite in a folder (pglite.ts) and PostgreSQL by URL (postgres.ts). The same SQL runs on both;
 * what differs (parameters, several statements in one text, recovery after an error) ends here.
 *
 * Values: int8 arrives as a number, timestamptz as Date, jsonb parsed, bytea as Uint8Array.
 */
export interface Database {
  /** One statement. */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Several statements without values; the rows of all of them, in order. */
  script(text: string): Promise<Record<string, unknown>[]>;
}

export interface Store extends Database {
  /** What it is, for people; never with a password. */
  readonly name: string;
  /** All or nothing. `work` uses only the database it is given. */
  transaction<T>(work: (tx: Database) => Promise<T>): Promise<T>;
  /** Can other processes use it at the same time? */
  readonly shared: boolean;
  close(): Promise<void>;
}

/** Makers of a Store add `unavailable`, so that a caller need not know which database it is. */
export function isDiskFull(error: unknown): boolean {
  return sqlState(error) === '53100' || (error as NodeJS.ErrnoException | undefined)?.code === 'ENOSPC';
}

/** The five-character SQLSTATE, or null when the error did not come from SQL. */
export function sqlState(error: unknown): string | null {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : null;
}
