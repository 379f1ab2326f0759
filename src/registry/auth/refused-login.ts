import { type Hint, hint, option } from '../../text/hint.ts';
import type { LoginPlace } from './credentials.ts';

/**
 * What was sent with a request: a login, nothing, nothing because it was redirected to another host, or nothing to a token
 * service.
 */
export type Sent = SentLogin | 'nothing' | 'elsewhere' | 'no token';

export interface SentLogin {
  readonly from?: LoginPlace | undefined;
  /** When the registry last accepted it in this run: what worked and is refused has probably ended. */
  readonly workedUntil?: Date | undefined;
}

export type Action = 'pull' | 'push';

/** The end of a message about a refusal: which login was refused, if any. Never a secret. */
export function sentWords(sent: Sent, action: Action = 'pull'): string {
  if (sent === 'no token') return `; this token service refuses an anonymous ${action}`;
  if (sent === 'nothing') return '; no credentials were sent';
  if (sent === 'elsewhere') return '; the registry had sent us there, without credentials';
  const { from, workedUntil } = sent;
  const details = [
    ...(from === undefined ? [] : [from.words]),
    ...(workedUntil === undefined ? [] : [`worked until ${timeOf(workedUntil)}`]),
  ];
  return `; credentials were sent and refused${details.length === 0 ? '' : ` (${details.join('; ')})`}`;
}

const timeOf = (date: Date): string => `${date.toISOString().slice(11, 16)} UTC`;

/** What to do about a refused login, or a push that the user may not do. */
export function loginHint(host: string, sent: Sent, action: Action = 'pull'): Hint {
  if (sent === 'elsewhere') return `Try again; if it stays so, ask who runs the registry about ${host}.`;
  const isPush = action === 'push';
  const isAnonymous = sent === 'nothing' || sent === 'no token';
  if (!isAnonymous && sent.workedUntil !== undefined) {
    return (
      'The password or token may have ended during the run: log in again, and run it again. A credential helper ' +
      '(credHelpers in an auth file) is asked again when its password is refused.'
    );
  }
  if (/^(?:.*\.)?ghcr\.io$/.test(host)) {
    const stale =
      isAnonymous || isPush ? '' : ' Stale credentials block public images, too: docker logout ghcr.io.';
    return (
      `In a workflow: give the job 'permissions: packages: ${isPush ? 'write' : 'read'}', log in to ghcr.io with its ` +
      `token, and give the repository ${isPush ? 'write ' : ''}access in the package's settings (Manage Actions access).${stale}`
    );
  }
  const login =
    host === 'registry-1.docker.io' || host === 'auth.docker.io' ? 'docker login' : `docker login ${host}`;
  if (isAnonymous) {
    return isPush
      ? `Log in as a user who may push there: ${login}.`
      : hint`Check the name: many registries answer so for what does not exist. If it is private: ${login}. With ${option('verbose')}, it says where credentials are looked for.`;
  }
  if (sent.from?.option !== undefined) {
    const place = option(sent.from.option);
    return isPush
      ? hint`That user may not push there: look at its rights and at the project’s name, or name another one in ${place}.`
      : hint`Correct user and password in ${place}. Wrong credentials block public images, too: leave them out for those.`;
  }
  return isPush
    ? `That user may not push there: look at its rights and at the project’s name, or log in as another one (${login}).`
    : `Log in again (${login}). Stale credentials block public images, too: ${login.replace('login', 'logout')}.`;
}
