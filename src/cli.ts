#!/usr/bin/env node
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

// Only `node:` may be imported statically here: older versions crash while they load the rest.
if (Number(process.versions.node.split('.')[0]) < 24) {
  const folder = JSON.stringify(fileURLToPath(new URL('..', import.meta.url)).replace(/[/\\]$/, ''));
  process.stderr.write(
    `error: oci-save needs Node 24 or newer; this is ${process.version}, ${process.execPath}\n` +
      '  hint: Install Node 24 (https://nodejs.org), or let npm bring it for this command alone, in any folder:\n' +
      `  npx --yes --package=node@24 --package=${folder} oci-save --help\n`,
  );
  process.exitCode = 2;
} else {
  const { main } = await import('./cli/main.ts');
  // On a large machine V8 lets garbage grow to 128 MB before it looks: with 1,000 images 245 MB instead of 165, and no
  // faster. What is loaded by now has made room enough; a library's user decides for a process of their own.
  setFlagsFromString('--semi-space-growth-factor=1');
  // Whatever is left under way, such as a request that was given up, would hold the process.
  process.exit(await main(process.argv.slice(2), process));
}
