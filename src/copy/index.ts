export { copyBlobs, type CopyResult } from './copy.ts';
export type { Mover } from './ledger.ts';
export { takeInventory, type Inventory } from './inventory.ts';
export type { CopyContext, RegistryPlace, SkopeoTools } from './context.ts';
