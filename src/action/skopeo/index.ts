import { OciSaveError } from '../../errors.ts';
import { fetchFile, type FetchLimits } from '../../http/index.ts';
import { formatBytes } from '../../text/bytes.ts';
import type { Installer } from '../../skopeo/index.ts';
import { bareAddress } from '../../options/index.ts';
import { openTrust } from '../../trust/index.ts';
import { runCommand } from './run-command.ts';
import type { Step } from '../log.ts';
import { createToolCache } from './tool-cache.ts';

/** Without limits a job that nobody watches may wait for hours. */
export interface InstallerLimits {
  /** For one command of a package manager. */
  readonly commandMilliseconds: number;
  /** For a binary from an address. */
  readonly fetch: FetchLimits;
}

const LIMITS: InstallerLimits = {
  // Homebrew may have to update itself first.
  commandMilliseconds: 15 * 60_000,
  // Static builds of skopeo have 30 to 60 MB.
  fetch: { bytes: 512 * 1024 * 1024, milliseconds: 10 * 60_000, stallMilliseconds: 60_000, retries: 3 },
};

type Environment = Step['env'];

/** What package managers need. They do not get the rest of a step's environment: tokens and inputs. */
const PASSED_ON =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_ALL|TERM|TMPDIR|SSL_CERT_FILE|SSL_CERT_DIR|HOMEBREW_\w+|(https?|all|no|ftp)_proxy)$/i;

/**
 * Installs as a runner can: by package managers, and from an address. Not by the downloads of @actions/tool-cache: they
 * are unbounded, cannot be stopped, and leave an address's user and password behind.
 */
export function createInstaller(
  { log, env, signal }: Pick<Step, 'log' | 'env' | 'signal'>,
  limits: InstallerLimits = LIMITS,
): Installer {
  return {
    ...createToolCache({ log, env, signal }, limits.fetch.bytes),
    isRoot: process.getuid?.() === 0,
    run: (file, args, added) =>
      log.inGroup(`$ ${[file, ...args].join(' ')}`, (line) =>
        runCommand(file, args, {
          env: { ...passedOn(env), ...added },
          signal,
          limitMilliseconds: limits.commandMilliseconds,
          onLine: line,
        }),
      ),
    download: (url, file) =>
      log.inGroup(`Fetching skopeo from ${bareAddress(url)}`, async (line) => {
        try {
          const { of: trust } = await openTrust({ env, caFile: '', certsDir: '', onWarning: line });
          await fetchFile(url, file, {
            subject: 'skopeo',
            env,
            trust,
            limits: limits.fetch,
            signal,
            onProgress: progressLines(line),
          });
        } catch (cause) {
          signal.throwIfAborted();
          throw new OciSaveError({
            code: 'machine',
            message: `skopeo could not be fetched from ${bareAddress(url)}`,
            hint: 'Check the address and the proxy, or leave `skopeo` out: it is installed if it is missing.',
            cause,
          });
        }
      }),
  };
}

const LINE_EVERY_BYTES = 8 * 1024 * 1024;

/** A line for every 8 MiB, and for the end. An attempt that starts again is reported from its start. */
function progressLines(line: (text: string) => void): (received: number, total: number | undefined) => void {
  let next = LINE_EVERY_BYTES;
  let before = 0;
  return (received, total) => {
    if (received < before) next = LINE_EVERY_BYTES;
    before = received;
    if (received < next && received !== total) return;
    next = received + LINE_EVERY_BYTES;
    line(`${formatBytes(received)}${total === undefined ? '' : ` of ${formatBytes(total)}`}`);
  };
}

function passedOn(env: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value !== undefined && PASSED_ON.test(name) ? [[name, value] as const] : [],
    ),
  );
}
