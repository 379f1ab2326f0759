export { listCommand } from './list-command.ts';
