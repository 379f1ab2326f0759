import { hostname } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { serveBundle, type ServeReport } from '../commands/index.ts';
import { OciSaveError } from '../errors.ts';
import { exists } from '../files/index.ts';
import { watchSignals } from '../runtime/index.ts';
import { plainText, printableJson } from '../text/plain-text.ts';
import { addFlags, takeFlags } from './flags.ts';
import { type Host, reporterFor } from './run.ts';
import { servingWords } from './serve-words.ts';
import { damageLines } from './damage-words.ts';

const EXAMPLES = `
Examples:
  oci-save serve oci-bundle
  oci-save serve oci-bundle --listen 0.0.0.0:5000
  oci-save serve app.tar                   an archive, or one of its parts: nothing is unpacked

zot serves it where there is one: the program of --zot, ZOT_BIN, or zot on PATH. The bundle is hashed before that,
since zot serves damaged blobs, too. Nothing is written into it: zot gets a folder of links, which goes at the end.

Otherwise, and with --built-in, a small registry serves it that answers pulls alone and hashes what it sends: for a look, a
test, a small site. It also reads archives. Both speak plain HTTP; kit/serve.sh starts zot with users and TLS.

Exit codes: 0 it was ended, 1 the bundle is damaged or zot failed, 2 nothing was started.
`;

/** `oci-save serve`: a bundle as a registry, by zot or the built-in one, until it is interrupted. */
export function serveCommand(host: Host, done: (exitCode: number) => void): Command {
  const command = new Command('serve')
    .description('serve a bundle as a registry, by zot where there is one')
    .argument('<bundle>', 'a bundle, a folder with one layout per repository, an archive or one of its parts')
    .option('--listen <address>', 'host:port; port 0 selects a free port', '127.0.0.1:5000')
    .option('--zot <program>', 'the zot to serve with')
    .option('--built-in', 'serve it without zot')
    .option('--no-verify', 'do not hash the bundle before zot serves it');
  return addFlags(command, [])
    .addHelpText('after', EXAMPLES)
    .action(async (bundle: string, given: Record<string, unknown>) => {
      const { output, rest } = takeFlags(given, host);
      const { name, port } = parseListen(textOf(rest['listen']));
      const builtIn = rest['builtIn'] === true;
      const zot = textOf(rest['zot']);
      if (builtIn && zot !== '') {
        const message = '--zot and --built-in exclude each other';
        throw new OciSaveError({ code: 'usage', message, hint: 'Give one of them.' });
      }
      const hasKit = await exists(path.join(bundle, 'kit', 'mirrors.sh'));
      const reporter = reporterFor(host, output);
      const interruption = watchSignals(host, {
        message: 'stopped; nothing was served',
        onForced: (text) => {
          reporter.stop();
          host.stderr.write(`error: ${text}\n`);
        },
      });
      const say = (line: string): void => void host.stderr.write(`${line}\n`);
      let isServing = false;
      const onServing = (report: ServeReport): void => {
        isServing = true;
        reporter.stop();
        host.stdout.write(`${output.json ? printableJson(report) : report.address}\n`);
        const place = {
          hasKit,
          isOpen: !/^(?:127\..*|::1|localhost)$/.test(name),
          shown: shownAddress(name, report),
        };
        if (!output.quiet) for (const line of servingWords(report, place)) say(line);
      };
      try {
        const damage = await serveBundle(
          { bundle, host: name, port, zot, builtIn, check: rest['verify'] !== false },
          {
            env: host.env,
            emit: reporter.emit,
            signal: interruption.signal,
            onServing,
            onRequest({ status, method, path: place, bytes, problem }) {
              if (!output.quiet) say(plainText(`${status} ${method} ${place} ${bytes}`));
              if (problem !== undefined) say(`error: ${plainText(problem)}`);
            },
          },
        );
        reporter.stop();
        if (damage === undefined) return done(0);
        if (output.json) host.stdout.write(`${printableJson(damage)}\n`);
        for (const note of damage.notes) say(plainText(`note: ${note}`));
        for (const line of damageLines(damage)) say(line);
        say(
          'it is not served: zot would serve what is damaged, too. --built-in leaves that out, --no-verify serves it all the same',
        );
        done(1);
      } finally {
        reporter.stop();
        interruption.stop();
        if (!isServing) done(interruption.exitCode() ?? 0);
      }
    });
}

/** How others reach it, where it listens at all addresses. */
function shownAddress(host: string, { address }: ServeReport): string {
  return ['0.0.0.0', '::'].includes(host)
    ? `${hostname()}${address.slice(address.lastIndexOf(':'))}`
    : address;
}

function textOf(flag: unknown): string {
  return typeof flag === 'string' ? flag : '';
}

function parseListen(text: string): { name: string; port: number } {
  const match = /^(?:(.+):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65535) {
    throw new OciSaveError({
      code: 'usage',
      message: `--listen: '${text}' is not an address`,
      hint: 'Write host:port, for example 127.0.0.1:5000 or [::1]:5000.',
    });
  }
  return { name: (match[1] ?? '127.0.0.1').replace(/^\[(.*)\]$/, '$1'), port };
}
