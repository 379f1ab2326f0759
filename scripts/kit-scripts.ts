import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Writes the shell scripts of src/bundle/kit/scripts/ into src/bundle/kit/scripts.ts: what is shipped is one bundled file,
 * and scripts are edited and checked as scripts. With `--check` it writes nothing and fails where they differ.
 */
const folder = path.join(import.meta.dirname, '../src/bundle/kit');
const target = path.join(folder, 'scripts.ts');

/** The module's text as it has to be. */
export async function scriptsModule(): Promise<string> {
  const names = (await readdir(path.join(folder, 'scripts'), { recursive: true }))
    .map((name) => name.replaceAll(path.sep, '/'))
    .filter((name) => /\.(?:sh|awk)$/.test(name))
    .toSorted();
  const entries = await Promise.all(
    names.map(async (name) => {
      const script = await readFile(path.join(folder, 'scripts', name), 'utf8');
      return `  '${name}': ${literal(script)},\n`;
    }),
  );
  return `// Made by \`node scripts/kit-scripts.ts\` from the files in scripts/: do not edit.
/** The scripts of the kit by their paths in it. */
export const SCRIPTS: Readonly<Record<string, string>> = {
${entries.join('')}};
`;
}

/** A template that reads like the script. */
function literal(text: string): string {
  return `\`${text.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${')}\``;
}

if (import.meta.main) {
  const wanted = await scriptsModule();
  const found = await readFile(target, 'utf8').catch(() => '');
  if (process.argv.includes('--check')) {
    if (found !== wanted) throw new Error(`${target} is not what scripts/ has: node scripts/kit-scripts.ts`);
  } else if (found !== wanted) await writeFile(target, wanted);
}
