import packageJson from '../package.json' with { type: 'json' };

/** This tool's own version. */
export const VERSION: string = packageJson.version;

/** How it names itself to registries. */
export const USER_AGENT = `oci-save/${VERSION}`;
