/** Lets workers wait until something changed. */
export interface Gate {
  /** Resolves at the next `open`. Taken before looking, so that no change is missed. */
  wait(): Promise<void>;
  open(): void;
}

export function createGate(): Gate {
  let { promise, resolve } = Promise.withResolvers<void>();
  return {
    wait: () => promise,
    open() {
      resolve();
      ({ promise, resolve } = Promise.withResolvers<void>());
    },
  };
}
