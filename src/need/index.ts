export { allUnchanged, type NeedContext, type UnchangedImage } from './need.ts';
