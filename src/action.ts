import process from 'node:process';
import { setFlagsFromString } from 'node:v8';

// Only `node:` may be imported statically here: older versions crash while they load the rest.
if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stdout.write(
    `::error::oci-save needs Node 24 or newer; this is ${process.version}%0A` +
      'Hint: Use a runner of version 2.327.1 or newer, which brings it.\n',
  );
  process.exitCode = 1;
} else {
  const { main } = await import('./action/main.ts');
  // As in the command (cli.ts): garbage stays small.
  setFlagsFromString('--semi-space-growth-factor=1');
  await main(process);
  // Connections that libraries keep open would hold the step; what was printed is printed first.
  process.stdout.write('', () => process.exit());
}
