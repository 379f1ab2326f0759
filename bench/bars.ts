/** One measure of several programs, which are drawn beside each other. */
export interface Bars {
  readonly title: string;
  readonly values: readonly { readonly name: string; readonly value: number; readonly text: string }[];
}

const WIDTH = 720;
const LEFT = 230;
const BAR = 16;
const ROW = 20;
const GAP = 18;
const LONGEST = WIDTH - LEFT - 110;

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .of { fill: #59636e }
  .a { fill: #0969da } .b { fill: #bf8700 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .of { fill: #9198a1 } .a { fill: #4493f8 } .b { fill: #d29922 }
  }`;

/** An SVG of bars, each measure scaled to its longest, for light pages and dark ones. */
export function barChart(label: string, measures: readonly Bars[]): string {
  let y = 8;
  const parts: string[] = [];
  for (const { title, values } of measures) {
    const most = Math.max(...values.map(({ value }) => value)) || 1;
    const middle = y + (values.length * ROW) / 2 + 4;
    parts.push(`<text x="0" y="${middle}">${escape(title)}</text>`);
    for (const [at, { name, value, text }] of values.entries()) {
      const length = Math.max(2, (value / most) * LONGEST);
      parts.push(
        `<rect class="${at === 0 ? 'a' : 'b'}" x="${LEFT}" y="${y}" width="${length.toFixed(1)}" height="${BAR}" rx="2"/>`,
        `<text class="of" x="${(LEFT + length + 6).toFixed(1)}" y="${y + 13}">${escape(`${text} ${name}`)}</text>`,
      );
      y += ROW;
    }
    y += GAP;
  }
  const size = `viewBox="0 0 ${WIDTH + 40} ${y - GAP + 8}" width="${WIDTH + 40}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-label="${escape(label)}">\n<style>${STYLE}\n</style>\n${parts.join('\n')}\n</svg>\n`;
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
