export { type ClientIo, type CommandIo, openClient } from './client.ts';
export { listFetcher } from './fetch-list.ts';
export { type SignalHost, STOPPED, watchSignals } from './interruption.ts';
export { openSession, type Session, type SessionIo } from './session.ts';
export { storeFolder } from './store-folder.ts';
