/** pino, with what could be a secret taken out wherever it appears. */
import pino from 'pino';

export type Log = pino.Logger;

export function startLog(level: string, destination?: pino.DestinationStream): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: [
          'password',
          'pass',
          'token',
          'auth',
          '*.password',
          '*.pass',
          '*.token',
          '*.auth',
          'headers.authorization',
        ],
        censor: '[secret]',
      },
      serializers: {
        err: (error: Error) => ({ message: withoutSecrets(error.message), stack: withoutSecrets(error.stack ?? '') }),
      },
    },
    destination ?? pino.destination({ fd: 2, sync: true }),
  );
}

/** The password in a URL. */
export function withoutSecrets(text: string): string {
  return text.replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:@/]*):[^\s@/]+@/gi, '$1:[secret]@');
}
