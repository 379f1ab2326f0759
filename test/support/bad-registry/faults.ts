import type { Failure, Fault } from './switches.ts';

/** Picks the failure for each request: the first fault that matches and is not used up. */
export function faultPicker(
  faults: readonly Fault[] = [],
): (method: string, path: string) => Failure | undefined {
  const used = new Map<Fault, number>();
  return (method, path) => {
    const fault = faults.find(
      (fault) =>
        (fault.method === undefined || fault.method === method) &&
        fault.path.test(path) &&
        (used.get(fault) ?? 0) < (fault.times ?? Infinity),
    );
    if (fault) used.set(fault, (used.get(fault) ?? 0) + 1);
    return fault?.failure;
  };
}
