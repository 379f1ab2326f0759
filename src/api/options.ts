import type { z } from 'zod';
import { OciSaveError } from '../errors.ts';
import type { SaveEvent } from '../events.ts';
import type { optionsSchema } from '../options/index.ts';

type Given = z.input<typeof optionsSchema>;

/** Options that the functions of the API take as arguments. */
type Argument = 'images' | 'output' | 'platforms';

/**
 * The form of the result. `oci`: one OCI layout per repository, a folder that zot can serve without changes.
 * `registry`: docker-registry's storage tree, which does not exist yet and is refused with `unsupported`.
 */
export type Mode = 'oci' | 'registry';

/** The options of a save by camelCase name, as the README's table has them; what is left out has its default. */
export type EngineOptions = { readonly [Name in Exclude<keyof Given, Argument>]?: Given[Name] | undefined };

/** How a run communicates with its caller. */
export interface CallerOptions {
  /** Called with everything that happens, in order. Where it throws, the run ends with what it threw as its cause. */
  readonly onEvent?: ((event: SaveEvent) => void) | undefined;
  /** Stops the run; what was fetched stays in the store, and no incomplete bundle is left. */
  readonly signal?: AbortSignal | undefined;
  /** Read for proxies, auth files, the cache folder and PATH; `process.env` where it is left out. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** Options of `saveImages`, `saveImagesWithAuth` and `lockImages`. */
export interface SaveImagesOptions extends EngineOptions, CallerOptions {
  /** `oci` where it is left out. It gives `layout` and `naming` their defaults: `zot` and `strip-library`. */
  readonly mode?: Mode | undefined;
}

const ARGUMENTS: readonly Argument[] = ['images', 'output', 'platforms'];

/**
 * Splits options for the engine and the caller. The schema refuses names that it does not know.
 * @throws OciSaveError `usage` for an argument among the options, `unsupported` for a mode that does not exist yet
 */
export function splitOptions({ onEvent, signal, env, mode, ...given }: SaveImagesOptions): {
  readonly engine: Readonly<Record<string, unknown>>;
  readonly caller: CallerOptions;
} {
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
        message: `mode 'registry' (docker-registry's storage tree) does not exist yet`,
        hint: `Use mode 'oci': zot can serve its folder without changes.`,
      });
    default:
      // Callers without types can write anything.
      throw new OciSaveError({
        code: 'usage',
        message: `mode: '${String(mode satisfies never)}' is not a mode`,
        hint: `Write 'oci' or 'registry'.`,
      });
  }
}
