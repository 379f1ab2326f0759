import { Command, CommanderError } from 'commander';
import { exitCodeOf, OciSaveError } from '../errors.ts';
import { printableJson } from '../text/plain-text.ts';
import { asFlag, spellHint } from '../text/hint.ts';
import { renderError } from '../view/index.ts';
import { VERSION } from '../version.ts';
import { cacheCommand } from './cache/index.ts';
import { listCommand } from './list/index.ts';
import { lockCommand } from './lock-command.ts';
import { watchOutputs } from './outputs.ts';
import { pushCommand } from './push-command.ts';
import { releaseCommand } from './release-command.ts';
import { type Host, wantsColor } from './run.ts';
import { saveCommand } from './save-command.ts';
import { serveCommand } from './serve-command.ts';
import { unpackCommand } from './unpack-command.ts';
import { verifyCommand } from './verify-command.ts';

/** The command `oci-save`: reads arguments, runs one command, and prints how it ended. Returns the exit code. */
export async function main(args: readonly string[], host: Host): Promise<number> {
  const allWritten = watchOutputs(host);
  return allWritten(await runMain(args, host));
}

/** This is the only place that catches everything. */
async function runMain(args: readonly string[], host: Host): Promise<number> {
  let exitCode = 0;
  const done = (code: number): void => {
    exitCode = Math.max(exitCode, code);
  };
  const program = new Command('oci-save')
    .description('Saves container images, digest for digest, for places without internet.')
    .version(VERSION)
    .configureOutput({
      writeOut: (text) => void host.stdout.write(text),
      writeErr: (text) => void host.stderr.write(text),
    })
    .exitOverride()
    .showHelpAfterError('(oci-save --help lists the commands, oci-save <command> --help its options)');
  const commands = [
    saveCommand,
    lockCommand,
    listCommand,
    pushCommand,
    verifyCommand,
    unpackCommand,
    releaseCommand,
    serveCommand,
    cacheCommand,
  ];
  for (const make of commands) {
    const command = make(host, done).copyInheritedSettings(program);
    for (const inner of command.commands) inner.copyInheritedSettings(command);
    program.addCommand(command);
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    // Help and version also end this way; wrong use has been reported already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return Math.max(exitCode, report(error, args, host));
  }
}

function report(error: unknown, args: readonly string[], host: Host): number {
  const color = wantsColor(host, !args.includes('--no-color'));
  const text = renderError(error, { color, verbose: args.includes('--verbose'), width: host.stderr.columns });
  host.stderr.write(`${text}\n`);
  if (args.includes('--json') && error instanceof OciSaveError) {
    host.stdout.write(`${printableJson({ error: errorForMachines(error) }, 0)}\n`);
  }
  return exitCodeOf(error);
}

/** An error with all its faults one by one, of which people see the first fifty; hints are spelled as flags. */
function errorForMachines({ code, message, hint, details }: OciSaveError): object {
  const faults = details.map(({ hint: advice, ...fault }) => ({
    ...fault,
    ...(advice === undefined ? {} : { hint: spellHint(advice, asFlag) }),
  }));
  return {
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(faults.length === 0 ? {} : { details: faults }),
  };
}
