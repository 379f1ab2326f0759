import process from "node:process";
import { setFlagsFromString } from "node:v8";
// src/action.ts
if (Number(process.versions.node.split(".")[0]) < 24) {
	process.stdout.write(`::error::oci-save needs Node 24 or newer; this is ${process.version}%0AHint: Use a runner of version 2.327.1 or newer, which brings it.
`);
	process.exitCode = 1;
} else {
	const { main } = await import("./action-main.js");
	setFlagsFromString("--semi-space-growth-factor=1");
	await main(process);
	process.stdout.write("", () => process.exit());
}
export {};
