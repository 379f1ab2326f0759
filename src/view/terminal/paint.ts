import { styleText } from 'node:util';

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

/** Colours, or none. Whether colours are wanted (`NO_COLOR`, `--no-color`, a terminal) is the caller's knowledge. */
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
