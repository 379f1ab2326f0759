import { styleText } from 'node:util';
import { asFlag, type Spelling } from '../../text/hint.ts';

export type Paint = (text: string) => string;

/** The few colours of this tool, by what they mean. */
export interface Palette {
  readonly good: Paint;
  readonly bad: Paint;
  readonly warn: Paint;
  readonly accent: Paint;
  readonly strong: Paint;
  readonly faint: Paint;
}

type Format = Parameters<typeof styleText>[0];

/** Colours, or none. The caller decides by `NO_COLOR`, `--no-color` and the terminal. */
export function paletteOf(color: boolean): Palette {
  const paint =
    (format: Format): Paint =>
    (text) =>
      color && text !== '' ? styleText(format, text, { validateStream: false }) : text;
  return {
    good: paint('green'),
    bad: paint(['red', 'bold']),
    warn: paint('yellow'),
    accent: paint('cyan'),
    strong: paint('bold'),
    faint: paint('dim'),
  };
}

/** Where a text is printed. */
export interface ScreenOptions {
  /** The terminal's columns; without one no line is cut or wrapped, since a log is searched for whole names. */
  readonly width?: number | undefined;
  readonly color: boolean;
  /** How options are written; flags where it is left out. */
  readonly spelling?: Spelling | undefined;
}

export interface Screen {
  readonly palette: Palette;
  /** Terminal columns. */
  readonly room: number;
  readonly spelling: Spelling;
}

export function screenOf({ width, color, spelling = asFlag }: ScreenOptions): Screen {
  const room = width === undefined || width <= 0 ? Number.POSITIVE_INFINITY : width;
  return { palette: paletteOf(color), room, spelling };
}
