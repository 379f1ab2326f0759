import { z } from 'zod';
import { messageOf, OciSaveError } from '../../errors.ts';
import { run } from '../../process.ts';
import { jsonIn } from '../../text/json-in.ts';
import type { Environment } from '../../http/index.ts';
import type { Credentials } from './credentials.ts';

/** Long enough for a person who unlocks a key ring, short enough for an unattended job. */
const HELPER_MILLISECONDS = 60_000;

/**
 * The variables that a helper may need, to find its own login. No others are passed on, above all not the secrets that a
 * workflow keeps in variables.
 */
const PASSED = [
  /^(PATH|HOME|USER|LOGNAME|TMPDIR|LANG|LC_ALL|DISPLAY|WAYLAND_DISPLAY|DBUS_SESSION_BUS_ADDRESS)$/,
  /^(XDG_\w+|GNUPGHOME|PASSWORD_STORE_DIR|DOCKER_CONFIG|SSL_CERT_FILE|SSL_CERT_DIR)$/,
  /^(AWS|AZURE|GOOGLE|CLOUDSDK|ACR|ECR)_\w+$/,
  /^(https?_proxy|no_proxy|all_proxy)$/i,
  /^(SystemRoot|USERPROFILE|APPDATA|LOCALAPPDATA|PROGRAMDATA|TEMP|TMP|PATHEXT|COMSPEC)$/i,
];

const outputSchema = z.looseObject({ Username: z.string().default(''), Secret: z.string().default('') });

/** What helpers print where they have no login (docker-credential-helpers, credentials/error.go). */
const NOT_FOUND = 'credentials not found in native keychain';

/** The user for whom a helper gives an identity token instead of a password (docker/cli, cli/config/credentials). */
const TOKEN_USER = '<token>';

interface HelperCall {
  /** `ecr-login` for the program `docker-credential-ecr-login`. */
  readonly name: string;
  readonly server: string;
  /** The auth file that names the helper. */
  readonly file: string;
  readonly env: Environment;
  readonly limitMilliseconds?: number | undefined;
}

/**
 * Calls a credential helper (docker-credential-helpers' protocol: the server on standard input, JSON back).
 * Undefined where it has no login. What it prints is never shown, since that may be the secret.
 * @throws OciSaveError `usage` for a name that is not a program's, `machine` where it cannot be started, `local`
 *   where it fails.
 */
export async function callHelper({
  name,
  server,
  file,
  env,
  limitMilliseconds = HELPER_MILLISECONDS,
}: HelperCall): Promise<Credentials | undefined> {
  if (!/^[\w.-]+$/.test(name)) {
    throw new OciSaveError({
      code: 'usage',
      message: `the auth file ${file} names a helper that is not the name of a program`,
    });
  }
  const program = `docker-credential-${name}`;
  const known = Object.entries(env).flatMap(([key, value]) =>
    value !== undefined && PASSED.some((pattern) => pattern.test(key)) ? [[key, value] as const] : [],
  );
  const failed = (how: string, cause?: unknown): OciSaveError =>
    new OciSaveError({
      code: 'local',
      message: `${program}, which the auth file ${file} names for ${server}, ${how}`,
      hint: `Run 'echo ${server} | ${program} get' to see why.`,
      cause,
    });
  const signal = AbortSignal.timeout(limitMilliseconds);
  const call = { env: Object.fromEntries(known), input: server, signal };
  const result = await run(program, ['get'], call).catch((cause: unknown) => {
    if (signal.aborted) throw failed(`gave no answer within ${limitMilliseconds / 1000} s`, cause);
    throw new OciSaveError({
      code: 'machine',
      message: `${messageOf(cause)}; the auth file ${file} names it for ${server}`,
      hint: `Install ${program}, put its folder on PATH, or log in without it.`,
      cause,
    });
  });
  if (result.exitCode !== 0) {
    if (`${result.stdout}\n${result.stderr}`.includes(NOT_FOUND)) return undefined;
    throw failed(`failed (exit ${result.exitCode ?? result.signal ?? 'unknown'})`);
  }
  const parsed = outputSchema.safeParse(jsonIn(result.stdout));
  if (!parsed.success) throw failed('printed what is not of the protocol');
  const { Username: username, Secret: secret } = parsed.data;
  if (username === TOKEN_USER && secret === '') throw failed('printed an identity token that is empty');
  if (username === TOKEN_USER) return { identityToken: secret };
  return username === '' && secret === '' ? undefined : { username, password: secret };
}
