import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a line counted since it was last cleared. */
export interface Traffic {
  readonly requests: number;
  readonly heads: number;
  readonly bytes: number;
  readonly connections: number;
}

export interface Order {
  readonly roundTrip: number;
  readonly bytesPerSecond: number;
}

/** A registry behind a line: the proxy runs in a process of its own, so that its work counts for no tool. */
export interface SlowLine {
  readonly host: string;
  /** Sets the line, and forgets what was counted. */
  set(order: Order): Promise<void>;
  traffic(): Promise<Traffic>;
  close(): void;
}

export async function startLine(upstream: string): Promise<SlowLine> {
  const child = fork(fileURLToPath(new URL('./line-process.ts', import.meta.url)), [upstream]);
  const host = await answerOf(child);
  const ask = (message: object): Promise<unknown> => {
    const answer = answerOf(child);
    child.send(message);
    return answer;
  };
  return {
    host: String(host),
    set: async (order) => void (await ask({ set: order })),
    traffic: async () => (await ask({ traffic: true })) as Traffic,
    close: () => child.kill(),
  };
}

function answerOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`the line ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message);
    });
  });
}
