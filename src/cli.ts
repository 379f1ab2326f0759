#!/usr/bin/env node
import process from 'node:process';

// Only `node:` may be imported statically here: older versions crash while they load the rest.
if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(`oci-save needs Node 24 or newer; this is ${process.version}\n`);
  process.exitCode = 2;
} else {
  const { main } = await import('./cli/main.ts');
  process.exitCode = await main(process.argv.slice(2), process);
}
