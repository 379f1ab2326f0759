export interface Lookout {
  /** Lets everything that waits look once more. */
  readonly wake: () => void;
  /** The first answer of `look`, now or after a wake. */
  readonly see: <T>(look: () => T | undefined) => Promise<T>;
}

/** For what happens in this process: nobody has to ask again and again whether it has. */
export function lookout(): Lookout {
  const waiting = new Set<() => void>();
  return {
    wake: () => [...waiting].forEach((again) => again()),
    see: (look) =>
      new Promise((resolve) => {
        const again = (): void => {
          const seen = look();
          if (seen === undefined) return;
          waiting.delete(again);
          resolve(seen);
        };
        waiting.add(again);
        again();
      }),
  };
}
