import type { Failure, Fault } from './switches.ts';

/** Picks the failure for each request: the first fault that matches, has begun and is not used up. */
export function faultPicker(
  faults: readonly Fault[] = [],
): (method: string, path: string) => Failure | undefined {
  const seen = new Map<Fault, number>();
  return (method, path) => {
    const fault = faults.find((fault) => {
      if (fault.method !== undefined && fault.method !== method) return false;
      if (!fault.path.test(path)) return false;
      const { after = 0, times = Infinity } = fault;
      const before = seen.get(fault) ?? 0;
      if (before < after + times) seen.set(fault, before + 1);
      return before >= after && before < after + times;
    });
    return fault?.failure;
  };
}
