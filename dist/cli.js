#!/usr/bin/env node
import { fileURLToPath } from "node:url";
import process from "node:process";
import { setFlagsFromString } from "node:v8";
// src/cli.ts
if (Number(process.versions.node.split(".")[0]) < 24) {
	const folder = JSON.stringify(fileURLToPath(new URL("..", import.meta.url)).replace(/[/\\]$/, ""));
	process.stderr.write(`error: oci-save needs Node 24 or newer; this is ${process.version}, ${process.execPath}\n  hint: Install Node 24 (https://nodejs.org), or let npm bring it for this command alone, in any folder:
  npx --yes --package=node@24 --package=${folder} oci-save --help\n`);
	process.exitCode = 2;
} else {
	const { main } = await import("./cli-main.js");
	setFlagsFromString("--semi-space-growth-factor=1");
	process.exit(await main(process.argv.slice(2), process));
}
export {};
