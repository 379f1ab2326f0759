import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

/** What a process of Node took in all, by the kernel's account. */
export interface ResourceUse {
  /** The most memory that it held at once, in bytes. */
  readonly memory: number;
  /** Bytes that it had written to disks. */
  readonly written: number;
}

const useSchema = z.object({ maxRSS: z.number(), fsWrite: z.number() });

/** Makes the next Node process of this environment leave its account in `folder`; `use` reads it. */
export async function accountIn(
  folder: string,
): Promise<{ readonly env: Readonly<Record<string, string>>; readonly use: () => Promise<ResourceUse> }> {
  const [script, account] = ['account.mjs', 'account.json'].map((name) => path.join(folder, name)) as [
    string,
    string,
  ];
  const code = `import { writeFileSync } from 'node:fs';
process.on('exit', () => writeFileSync(${JSON.stringify(account)}, JSON.stringify(process.resourceUsage())));
`;
  await writeFile(script, code);
  return {
    env: { NODE_OPTIONS: `--import=${script}` },
    async use() {
      const { maxRSS, fsWrite } = useSchema.parse(JSON.parse(await readFile(account, 'utf8')));
      // Kilobytes and blocks of 512 bytes (getrusage).
      return { memory: maxRSS * 1024, written: fsWrite * 512 };
    },
  };
}
