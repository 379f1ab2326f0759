import type { z } from 'zod';
import { OciSaveError } from '../errors.ts';
import type { SaveEvent } from '../events.ts';
import type { optionsSchema } from '../options/index.ts';

type Given = z.input<typeof optionsSchema>;

/** Options that the functions of the API take as arguments. */
type Argument = 'images' | 'output' | 'platforms';

/**
 * What becomes of the images. `oci`: one OCI layout a repository, the folder that zot serves as it stands.
 * `registry`: docker-registry's storage tree, which is not made yet and refused with `unsupported`.
 */
export type Mode = 'oci' | 'registry';

/** The options of a save by camelCase name, as the README's table has them; what is left out has its default. */
export type EngineOptions = { readonly [Name in Exclude<keyof Given, Argument>]?: Given[Name] | undefined };

/** How a run talks to its caller. */
export interface CallerOptions {
  /** Called with everything that happens, in order. Where it throws, the run ends with what it threw as its cause. */
  readonly onEvent?: ((event: SaveEvent) => void) | undefined;
  /** Stops the run; what was fetched stays in the store, and no half bundle is left. */
  readonly signal?: AbortSignal | undefined;
  /** Read for proxies, auth files, the cache folder and PATH; `process.env` where it is left out. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** Options of `saveImages`, `saveImagesWithAuth` and `lockImages`. */
export interface SaveImagesOptions extends EngineOptions, CallerOptions {
  /** `oci` where it is left out. It gives `layout` and `naming` their defaults: `zot` and `strip-library`. */
  readonly mode?: Mode | undefined;
}

/** Options taken apart: what the schema reads, and what it does not know. */
export interface SplitOptions {
  readonly engine: Readonly<Record<string, unknown>>;
  readonly caller: CallerOptions;
}

const ARGUMENTS: readonly Argument[] = ['images', 'output', 'platforms'];

/**
 * Splits options as they were given; names that the schema does not know are its business.
 * @throws OciSaveError `usage` for what is an argument, `unsupported` for a mode that is not made yet
 */
export function splitOptions({ onEvent, signal, env, mode, ...given }: SaveImagesOptions): SplitOptions {
  // Undefined means left out, and must not hide a mode's default.
  const engine = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const twice = ARGUMENTS.find((name) => name in engine);
  if (twice !== undefined) {
    throw new OciSaveError({
      code: 'usage',
      message: `'${twice}' is an argument of the function, and not an option`,
    });
  }
  return { engine: { ...defaultsOf(mode ?? 'oci'), ...engine }, caller: { onEvent, signal, env } };
}

function defaultsOf(mode: Mode): Record<string, unknown> {
  switch (mode) {
    case 'oci':
      return { layout: 'zot', naming: 'strip-library' };
    case 'registry':
      throw new OciSaveError({
        code: 'unsupported',
        message: `mode 'registry' (docker-registry's storage tree) is not made yet`,
        hint: `Take mode 'oci': zot serves its folder as it stands.`,
      });
    default:
      throw unknownMode(mode);
  }
}

/** Callers without types can write anything. */
function unknownMode(mode: never): OciSaveError {
  return new OciSaveError({
    code: 'usage',
    message: `mode: '${String(mode)}' is not a mode`,
    hint: `Write 'oci' or 'registry'.`,
  });
}
