#!/usr/bin/env node
import process from "node:process";
// src/cli.ts
if (Number(process.versions.node.split(".")[0]) < 24) {
	process.stderr.write(`oci-save needs Node 24 or newer; this is ${process.version}\n`);
	process.exitCode = 2;
} else {
	const { main } = await import("./cli-main.js");
	process.exitCode = await main(process.argv.slice(2), process);
}
export {};
