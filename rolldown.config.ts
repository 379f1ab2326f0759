import { chmod } from 'node:fs/promises';
import path from 'node:path';
import { defineConfig } from 'rolldown';
import { licensePlugin } from 'rolldown-license-plugin';

/** Licences that may stand in what we ship. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'Apache-2.0 AND BSD-3-Clause',
  '(Apache-2.0 AND BSD-3-Clause)',
]);

export default defineConfig({
  input: { api: 'src/api.ts', cli: 'src/cli.ts', index: 'src/action.ts' },
  platform: 'node',
  // Not minified and without a map: people read it in review, and stack traces tell the place.
  output: {
    dir: 'dist',
    format: 'esm',
    // Both the command and the action have a main.ts, which their entries load: cli-main.js, action-main.js.
    chunkFileNames: ({ name, facadeModuleId }) =>
      name === 'main' && facadeModuleId
        ? `${path.basename(path.dirname(facadeModuleId))}-main.js`
        : '[name].js',
    cleanDir: true,
    // Otherwise the shared chunk takes the name of one of its modules, and another one when an entry is added.
    codeSplitting: { groups: [{ name: 'engine', minShareCount: 2 }] },
  },
  plugins: [
    {
      name: 'executable',
      // npm makes the command executable where it installs this folder, which must not change a file of the repository.
      writeBundle: ({ dir = '' }) => chmod(path.join(dir, 'cli.js'), 0o755),
    },
    licensePlugin({
      allow: ({ license }) => ALLOWED.has(license),
      failOnViolation: true,
      failOnUnlicensed: true,
      done(licenses, context) {
        const texts = licenses
          .map(
            ({ name, version, license, licenseText }) =>
              `${name} ${version} (${license})\n\n${licenseText.trim()}\n`,
          )
          .toSorted();
        context.emitFile({
          type: 'asset',
          fileName: 'licenses.txt',
          source: texts.join(`\n${'-'.repeat(80)}\n\n`),
        });
      },
    }),
  ],
});
