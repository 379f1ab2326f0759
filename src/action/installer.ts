import { downloadTool } from '@actions/tool-cache';
import { messageOf, OciSaveError } from '../errors.ts';
import { run } from '../process.ts';
import { bareAddress, type Installer } from '../skopeo/index.ts';
import type { ActionLog } from './log.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What package managers need to know. The rest of a step's environment, tokens and inputs, is none of their business. */
const HANDED_ON =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_ALL|TERM|TMPDIR|SSL_CERT_FILE|SSL_CERT_DIR|HOMEBREW_\w+|(https?|all|no|ftp)_proxy)$/i;

/**
 * Installs as a runner can: package managers, and addresses by @actions/tool-cache. Not by @actions/exec: it dies of an
 * EPIPE where a program ends before its empty input was written.
 */
export function createInstaller(log: ActionLog, env: Environment): Installer {
  return {
    isRoot: process.getuid?.() === 0,
    run: (file, args, added) =>
      log.apart(`$ ${[file, ...args].join(' ')}`, async (line) => {
        try {
          const { exitCode } = await run(file, args, { env: { ...handedOn(env), ...added }, onLine: line });
          return exitCode;
        } catch (error) {
          if (!(error instanceof OciSaveError)) throw error;
          line(messageOf(error));
          return undefined;
        }
      }),
    download: (url, file) =>
      log.apart(`Fetching skopeo from ${bareAddress(url)}`, async () => {
        try {
          await downloadTool(url, file);
        } catch (cause) {
          throw new OciSaveError({
            code: 'machine',
            message: `skopeo could not be fetched from ${bareAddress(url)}`,
            hint: 'Check the address and the proxy, or leave `skopeo` out: it is installed where there is none.',
            cause,
          });
        }
      }),
  };
}

function handedOn(env: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value !== undefined && HANDED_ON.test(name) ? [[name, value] as const] : [],
    ),
  );
}
