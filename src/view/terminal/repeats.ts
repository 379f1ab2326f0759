import type { SaveEvent } from '../../events.ts';
import { byCause, byPlace, causeKey, fewOf, placeWords } from '../../report/index.ts';
import { plainText } from '../../text/plain-text.ts';

type LogEvent = Extract<SaveEvent, { type: 'log' }>;

interface Told {
  readonly ref: string;
  readonly origins: NonNullable<LogEvent['origins']>;
  readonly message: string;
}

/** Tells the errors and warnings of images whose cause was printed for another image before. */
export interface Repeats {
  /** Whether an event need not be printed: an image that fails has a line of its own, and a warning is kept. */
  has(event: LogEvent): boolean;
  /** The warnings that were kept, one line for each cause; they are forgotten then. */
  take(): string[];
}

/** Of three hundred images that one registry refuses, one line has the cause; the summary has it with all of them. */
export function createRepeats(): Repeats {
  /** By cause the image for which it was printed. */
  const printed = new Map<string, string>();
  const kept = new Map<string, Told>();
  return {
    has({ level, message, image, origins = [] }) {
      // What is no image has no line of its own when it fails.
      if ((level !== 'error' && level !== 'warning') || image?.includes('/') !== true) return false;
      const key = causeKey({ ref: image, class: level, message });
      const first = printed.get(key);
      printed.set(key, first ?? image);
      if (first === undefined) return false;
      if (level === 'error') return true;
      if (first === image) return false;
      kept.set(`${image}\n${message}`, { ref: image, origins, message });
      return true;
    },
    take() {
      const causes = byCause([...kept.values()].toSorted(byPlace));
      kept.clear();
      return causes.map(({ places, message }) => `${fewOf(places, placeWords)}: ${plainText(message)}`);
    },
  };
}
