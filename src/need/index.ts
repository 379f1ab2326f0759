export { allUnchanged, type Claim, type NeedContext, type UnchangedImage } from './need.ts';
