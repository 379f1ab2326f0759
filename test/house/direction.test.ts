import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type ProgramResult, runProgram } from '../support/program.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

const root = process.cwd();

/** As the package is installed. */
const ACTIONS_EXEC = {
  'node_modules/@actions/exec/package.json':
    '{"name": "@actions/exec", "type": "module", "exports": "./index.js"}',
  'node_modules/@actions/exec/index.js': 'export {};',
};

/** Each rule, a module that breaks it, and what it imports to do so: a module of ours, of Node, or of npm. */
const VIOLATIONS: [rule: string, breaker: string, imported: string][] = [
  ['pure-no-io', 'src/oci/reads.ts', 'node:fs'],
  ['pure-no-io', 'src/copy/plan.ts', 'node:fs/promises'],
  ['pure-no-io', 'src/list/formats/reads.ts', 'node:fs'],
  ['pure-no-io', 'src/options/reads.ts', 'node:fs'],
  ['pure-no-io', 'src/view/terminal/reads.ts', 'node:fs'],
  ['pure-no-io', 'src/push/plan.ts', 'node:https'],
  ['folder-inside', 'src/copy/inside.ts', 'src/store/blobs.ts'],
  ['folder-inside', 'src/copy/room.ts', 'src/store/prune/index.ts'],
  ['folder-inside', 'src/push/request.ts', 'src/http/transport.ts'],
  ['folder-inside', 'src/commands/release.ts', 'src/view/terminal/paint.ts'],
  ['folder-inside', 'src/bin.ts', 'src/serve/router.ts'],
  ['ground-floor', 'src/process.ts', 'src/files/index.ts'],
  ['ground-floor', 'src/text/above.ts', 'src/report/index.ts'],
  ['vocabulary-at-the-bottom', 'src/oci/above.ts', 'src/events.ts'],
  ['http-knows-no-registry', 'src/http/token.ts', 'src/registry/index.ts'],
  ['http-knows-no-registry', 'src/http/asset.ts', 'src/github-release/index.ts'],
  ['services-know-no-stage', 'src/store/above.ts', 'src/copy/index.ts'],
  ['services-know-no-stage', 'src/registry/above.ts', 'src/runtime/index.ts'],
  ['services-apart', 'src/registry/keeps.ts', 'src/store/index.ts'],
  ['services-apart', 'src/store/asks.ts', 'src/registry/index.ts'],
  ['services-apart', 'src/lock/joins.ts', 'src/image/index.ts'],
  ['skopeo-below-images', 'src/skopeo/knows.ts', 'src/image/index.ts'],
  ['stages-know-no-command', 'src/push/prints.ts', 'src/view/index.ts'],
  ['stages-know-no-command', 'src/bundle/above.ts', 'src/commands/index.ts'],
  ['stages-know-no-command', 'src/resolve/holds.ts', 'src/runtime/index.ts'],
  ['options-know-no-stage', 'src/options/target.ts', 'src/push/index.ts'],
  ['options-know-no-stage', 'src/options/wanted.ts', 'src/skopeo/index.ts'],
  ['view-prints-data', 'src/view/html/asks.ts', 'src/store/index.ts'],
  ['commands-know-no-front-end', 'src/commands/prints.ts', 'src/cli/index.ts'],
  ['commands-know-no-front-end', 'src/copy/front-end.ts', 'src/api.ts'],
  ['runtime-below-commands', 'src/runtime/above.ts', 'src/commands/index.ts'],
  ['front-ends-apart', 'src/action/prints.ts', 'src/cli/index.ts'],
  ['server-shares-nothing-with-the-writer', 'src/serve/writes.ts', 'src/bundle/index.ts'],
  ['only-http-connects', 'src/registry/connects.ts', 'node:https'],
  ['only-http-connects', 'src/github-release/connects.ts', 'node:http'],
  ['only-process-spawns', 'src/copy/spawns.ts', 'node:child_process'],
  ['only-run-command-spawns-by-actions', 'src/action/spawns.ts', '@actions/exec'],
  ['only-action-knows-actions', 'src/skopeo/installs.ts', '@actions/exec'],
  ['cache-of-actions-for-the-action', 'src/cli/caches.ts', 'src/cache/actions/index.ts'],
];

/** Folders of fewer than 5 files: rooms of one matter each, and folders that are mostly rooms. */
const SMALL = new Set([
  'src/action/skopeo',
  'src/api',
  'src/archive/join-script',
  'src/commands',
  'src/commands/unpack',
  'src/commands/save/copy',
  'src/commands/save/publish',
  'src/http/tls',
  'src/list/tags',
  'src/push/preflight',
  'src/push/referrers',
  'src/registry/lists',
  'src/view',
  'src/view/markdown',
]);

/** Violations that take more modules than two. */
const LONGER: Record<string, string> = {
  'src/oci/asks.ts': "import './other.ts';",
  'src/oci/other.ts': "import 'node:https';",
  'src/copy/one.ts': "import './two.ts';",
  'src/copy/two.ts': "import './one.ts';",
  'src/copy/orphan.ts': 'export {};',
};

/** Looks at the modules below a folder; a program, as `npm run lint` runs it. */
function cruise(folder: string, format: 'err' | 'json'): Promise<ProgramResult> {
  const program = path.join(root, 'node_modules/.bin/depcruise');
  const config = path.join(root, '.dependency-cruiser.mjs');
  const args = [program, '--config', config, '--output-type', format, 'src'];
  return runProgram(process.execPath, args, { cwd: folder });
}

const cruisedSchema = z.object({
  modules: z.array(
    z.object({ source: z.string(), dependencies: z.array(z.object({ resolved: z.string() })) }),
  ),
  summary: z.object({ violations: z.array(z.unknown()) }),
});
const configSchema = z.object({
  forbidden: z.array(
    z.looseObject({
      name: z.string(),
      from: z.looseObject({ path: z.union([z.string(), z.array(z.string())]).optional() }),
    }),
  ),
});

let temp: TempFolder;
let broken: string;
beforeAll(async () => {
  temp = await tempFolder('house');
  const files = new Map([
    ['tsconfig.json', '{}'],
    ...Object.entries(ACTIONS_EXEC),
    ...Object.entries(LONGER),
  ]);
  for (const [, breaker, imported] of VIOLATIONS) {
    const isOurs = imported.startsWith('src/');
    const name = isOurs ? `./${path.relative(path.dirname(breaker), imported)}` : imported;
    files.set(breaker, `${files.get(breaker) ?? ''}import '${name}';\n`);
    if (isOurs && !files.has(imported)) files.set(imported, 'export {};\n');
  }
  for (const [name, content] of files) {
    await mkdir(path.dirname(path.join(temp.path, name)), { recursive: true });
    await writeFile(path.join(temp.path, name), content);
  }
  broken = (await cruise(temp.path, 'err')).stdout;
});
afterAll(() => temp.close());

describe('the rules for imports', () => {
  it.each(VIOLATIONS)('forbid, as %s, that %s imports %s', (rule, breaker, imported) => {
    const target = imported.replace('node:', '').replace(/^@.*/, 'node_modules/$&/index.js');
    expect(broken).toContain(`error ${rule}: ${breaker} → ${target}\n`);
  });

  it('forbid I/O through another module, circles, and modules that nobody imports', () => {
    expect(broken).toContain('error pure-no-io: src/oci/asks.ts → https');
    expect(broken).toContain('error no-circular: src/copy/one.ts →');
    expect(broken).toContain('error no-orphans: src/copy/orphan.ts');
  });

  it('are each broken here', async () => {
    const { forbidden } = configSchema.parse((await import(`${root}/.dependency-cruiser.mjs`)).default);
    const broken = new Set([...VIOLATIONS.map(([rule]) => rule), 'no-circular', 'no-orphans']);
    expect([...broken].toSorted()).toEqual(forbidden.map(({ name }) => name).toSorted());
  });

  it('speak of folders and files that are there', async () => {
    const { forbidden } = configSchema.parse((await import(`${root}/.dependency-cruiser.mjs`)).default);
    const paths = forbidden.flatMap(({ from }) => from.path ?? []);
    const files = (await filesIn('src')).map((file) => path.relative(root, file));
    expect(paths.filter((pattern) => !files.some((file) => new RegExp(pattern).test(file)))).toEqual([]);
  });
});

describe('the house', () => {
  let modules: z.infer<typeof cruisedSchema>['modules'];
  let result: z.infer<typeof cruisedSchema>['summary'];
  beforeAll(async () => {
    const { stdout } = await cruise(root, 'json');
    ({ modules, summary: result } = cruisedSchema.parse(JSON.parse(stdout)));
  });

  it('keeps all rules for imports, in all modules of src', async () => {
    expect(result.violations).toEqual([]);
    const seen = modules.map(({ source }) => source);
    expect(seen).toEqual(
      expect.arrayContaining(
        (await filesIn('src'))
          .filter((file) => file.endsWith('.ts'))
          .map((file) => path.relative(root, file)),
      ),
    );
  });

  it('has no circle of imports between the folders of src', () => {
    const folderOf = (module: string): string => module.split('/')[1] ?? module;
    const below = new Map<string, string[]>();
    for (const { source, dependencies } of modules) {
      if (!source.startsWith('src/')) continue;
      const imported = dependencies.flatMap(({ resolved }) =>
        resolved.startsWith('src/') ? [folderOf(resolved)] : [],
      );
      below.set(folderOf(source), [...(below.get(folderOf(source)) ?? []), ...imported]);
    }
    // A folder is placed once all that it imports is placed; what stays has a circle.
    const placed = new Set<string>();
    for (let before = -1; before < placed.size;) {
      before = placed.size;
      for (const [folder, others] of below)
        if (others.every((other) => other === folder || placed.has(other))) placed.add(folder);
    }
    expect([...below.keys()].filter((folder) => !placed.has(folder))).toEqual([]);
  });

  it('has folders of 5 to 15 files, but for a few small ones: beyond 15 a folder has rooms', async () => {
    const folders = Map.groupBy(await filesIn('src'), (file) => path.relative(root, path.dirname(file)));
    const large = [...folders].filter(([, files]) => files.length > 15).map(([folder]) => folder);
    expect(large).toEqual([]);
    const small = [...folders].filter(([, files]) => files.length < 5).map(([folder]) => folder);
    expect(small.filter((folder) => !SMALL.has(folder))).toEqual([]);
  });
});

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(path.join(root, folder), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}
