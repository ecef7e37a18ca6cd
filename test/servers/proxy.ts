/** A TCP proxy in the way to a server: it can cut what runs and refuse what comes, or take bytes and let none through. */
import { connect, createServer, type Socket } from 'node:net';

export interface Proxy {
  readonly port: number;
  /** Ends every connection with a reset, and new ones too, until healed. */
  cut(): void;
  /** Connections stay, and nothing comes through, until healed. */
  stall(): void;
  heal(): void;
  stop(): Promise<void>;
}

export function startProxy(target: () => number): Promise<Proxy> {
  let state: 'open' | 'cut' | 'stalled' = 'open';
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    keep(client);
    if (state === 'cut') return client.resetAndDestroy();
    const far = connect(target(), '127.0.0.1');
    keep(far);
    const carry = (from: Socket, to: Socket) => {
      from.on('data', (chunk) => {
        if (!to.write(chunk)) from.pause();
      });
      to.on('drain', () => {
        if (state !== 'stalled') from.resume();
      });
      from.on('end', () => to.end());
      from.on('close', () => to.destroy());
    };
    carry(client, far);
    carry(far, client);
    if (state === 'stalled') for (const socket of [client, far]) socket.pause();
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({
        port: address !== null && typeof address === 'object' ? address.port : 0,
        cut() {
          state = 'cut';
          for (const socket of sockets) socket.resetAndDestroy();
        },
        stall() {
          state = 'stalled';
          for (const socket of sockets) socket.pause();
        },
        heal() {
          // What was stalled has lost its time: a connection that was silent so long is as good as cut.
          if (state === 'stalled') for (const socket of sockets) socket.resume();
          state = 'open';
        },
        stop: () =>
          new Promise((done) => {
            for (const socket of sockets) socket.destroy();
            server.close(() => done());
          }),
      });
    });
  });
}
