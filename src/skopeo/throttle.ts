/** A host that answered skopeo by 429, and for how long skopeo means to wait before it asks again. */
export interface SkopeoThrottle {
  readonly host: string;
  readonly milliseconds: number;
}

/** skopeo waits no longer, whatever a registry asks for (containers/image, docker_client.go, backoffMaxDelay). */
export const LONGEST_WAIT_MILLISECONDS = 60_000;

/** How a line begins. What registries say stands further on, with its quotes escaped. */
const HEAD = /^time="[^"]{0,64}" level=(\w{1,16}) msg="?/;

/** In the words that 1.6 to 1.20 share; they are said at the level debug alone. */
const THROTTLED = /^Too many requests to (\S{1,2000}?): sleeping for (\d{1,6}(?:\.\d{1,9})?) seconds/;

const QUIET = /^(?:debug|info|trace)$/;

/** What a line of skopeo's log says of a throttle; undefined for any other line. */
export function throttleIn(line: string): SkopeoThrottle | undefined {
  const [head] = HEAD.exec(line) ?? [];
  const [, address, seconds] = (head === undefined ? null : THROTTLED.exec(line.slice(head.length))) ?? [];
  const host = address === undefined ? undefined : URL.parse(address)?.host;
  if (host === undefined || host === '') return undefined;
  return { host, milliseconds: Math.min(Number(seconds) * 1000, LONGEST_WAIT_MILLISECONDS) };
}

/** Whether a line of skopeo's log says what went wrong, and not what it did. */
export function isComplaint(line: string): boolean {
  return !QUIET.test(HEAD.exec(line)?.[1] ?? '');
}
