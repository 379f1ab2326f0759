export type { RequestEntry } from './exchange.ts';
export { findRegistryRoot } from './catalog.ts';
export { serveRegistry, type RunningRegistry, type ServeOptions } from './server.ts';
