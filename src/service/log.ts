/** pino, with what could be a secret taken out wherever it appears. */
import pino from 'pino';

export type Log = pino.Logger;

export function startLog(level: string, destination?: pino.DestinationStream): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { log: (facts) => hidden(facts, 0) as Record<string, unknown> },
      // The last word: a URL's password in any text of the line.
      hooks: { streamWrite: withoutSecrets },
      serializers: {
        err: (error: Error) => ({ message: withoutSecrets(error.message), stack: withoutSecrets(error.stack ?? '') }),
      },
    },
    destination ?? pino.destination({ fd: 2, sync: true }),
  );
}

const secretName =
  /^(pass|password|passwd|token|auth|authorization|cookie)$|secret|private_?key|(access|api|installation)_?token/i;
const deepest = 6;

/** The value with everything left out that a key calls a secret, however deep. */
function hidden(value: unknown, depth: number): unknown {
  if (value === null || typeof value !== 'object' || value instanceof Error || depth > deepest) return value;
  if (Array.isArray(value)) return value.map((one) => hidden(one, depth + 1));
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, secretName.test(key) ? '[secret]' : hidden(one, depth + 1)]),
  );
}

/** The password in a URL. */
export function withoutSecrets(text: string): string {
  return text.replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:@/]*):[^\s@/]+@/gi, '$1:[secret]@');
}
