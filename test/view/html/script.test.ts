import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pullCommand } from '../../../src/view/html/pulls.ts';
import { COMMANDS_CODE } from '../../../src/view/html/script/commands.ts';
import { SCRIPT } from '../../../src/view/html/script/script.ts';
import { renderHtml } from '../../../src/view/index.ts';
import { digest } from '../sample-report.ts';
import { image, lockOf } from './sample-lock.ts';

interface Commands {
  readonly chosen: { address: string; form: string; plain: boolean };
  readonly commandOf: (form: string, ref: string, name: string) => string;
  readonly isAddress: (text: string) => boolean;
}

/** The script's own functions, run without a page. */
function commands(): Commands {
  const made: Commands = runInNewContext(`${COMMANDS_CODE}\n({ chosen, commandOf, isAddress });`, {
    document: { getElementById: () => null },
  });
  return made;
}

/** As much of an element as the script asks for. */
class FakeElement {
  hidden = true;
  open = false;
  value = '';
  checked = true;
  textContent = '';
  className = '';
  type = '';
  tagName = 'DETAILS';
  parentNode: FakeElement | undefined;
  readonly children: FakeElement[] = [];
  private readonly listeners = new Map<string, (event: unknown) => void>();
  private readonly attributes: Readonly<Record<string, string>>;
  private readonly found: Readonly<Record<string, FakeElement | FakeElement[]>>;
  constructor(
    attributes: Readonly<Record<string, string>> = {},
    found: Readonly<Record<string, FakeElement | FakeElement[]>> = {},
  ) {
    this.attributes = attributes;
    this.found = found;
  }
  getAttribute(name: string): string | null {
    return this.attributes[name] ?? null;
  }
  setAttribute(): void {}
  querySelector(selector: string): FakeElement | null {
    // Of a section: is any of its images shown?
    if (selector === 'details:not([hidden])') return this.children.find(({ hidden }) => !hidden) ?? null;
    const [first = null] = [this.found[selector] ?? []].flat();
    return first;
  }
  querySelectorAll(selector: string): FakeElement[] {
    return [this.found[selector] ?? []].flat();
  }
  appendChild(child: FakeElement): void {
    const at = child.parentNode?.children.indexOf(child) ?? -1;
    if (at >= 0) child.parentNode?.children.splice(at, 1);
    child.parentNode = this;
    this.children.push(child);
  }
  before(other: FakeElement): void {
    this.parentNode?.children.unshift(other);
  }
  remove(): void {}
  nextElementSibling = null;
  after(): void {}
  insertBefore(): void {}
  closest(): FakeElement {
    return this;
  }
  addEventListener(name: string, listener: (event: unknown) => void): void {
    this.listeners.set(name, listener);
  }
  fire(name: string): void {
    this.listeners.get(name)?.({ target: this, preventDefault: () => {} });
  }
}

/** The page's whole script over three images in two sections. */
function startPage() {
  const rows = [
    { 'data-find': 'docker.io/library/a:1 linux/amd64', 'data-size': '10 1' },
    { 'data-find': 'docker.io/library/b:1 linux/arm64 sparse', 'data-size': '30 2' },
    { 'data-find': 'quay.io/c/c:1 linux/amd64', 'data-size': '20 3' },
  ].map((attributes) => new FakeElement(attributes));
  for (const row of rows) row.hidden = false;
  const main = new FakeElement();
  const sections = [new FakeElement(), new FakeElement()];
  for (const section of sections) {
    section.hidden = false;
    main.appendChild(section);
  }
  for (const [index, row] of rows.entries()) sections[index < 2 ? 0 : 1]?.appendChild(row);
  const [field, order, output] = [new FakeElement(), new FakeElement(), new FakeElement()];
  order.value = 'name';
  const search = new FakeElement({}, { input: field, select: order, output });
  const code = new FakeElement({ 'data-ref': 'docker.io/library/a:1', 'data-name': 'docker.io/library/a:1' });
  code.className = 'cmd';
  const uses = new FakeElement({}, { 'code[data-ref]': code });
  const [pulls, address, tool, plain] = [
    new FakeElement(),
    new FakeElement(),
    new FakeElement(),
    new FakeElement(),
  ];
  address.value = '127.0.0.1:5000';
  tool.value = 'podman pull ?--tls-verify=false REF';
  const ids: Record<string, FakeElement> = { search, pulls, address, tool, plain };
  const made: FakeElement[] = [];
  runInNewContext(/<script>([^]*)<\/script>/.exec(SCRIPT.markup)?.[1] ?? '', {
    location: { hash: '' },
    addEventListener: () => {},
    document: {
      addEventListener: () => {},
      getElementById: (id: string) => ids[id] ?? null,
      createElement: () => {
        const element = new FakeElement();
        made.push(element);
        return element;
      },
      querySelectorAll: (selector: string) =>
        selector === 'details[data-find]'
          ? rows
          : selector === 'main > section'
            ? sections
            : selector.startsWith('dl.uses')
              ? [uses]
              : [],
    },
  });
  return { rows, sections, main, search, field, order, output, pulls, address, plain, tool, code };
}

describe('the script of report.html', () => {
  it('writes the commands that the page has without it', () => {
    const { chosen, commandOf } = commands();
    const forms = [
      ...renderHtml(lockOf([image('a.io/a:1')]), 't').matchAll(/<option value="([^"]*REF[^"]*)"/g),
    ];
    expect(forms).toHaveLength(6);
    fc.assert(
      fc.property(fc.constantFrom(...forms), fc.string(), fc.string(), ([, form = ''], ref, name) => {
        expect(commandOf(form, ref, name)).toBe(pullCommand(form, ref, name));
      }),
    );
    chosen.address = 'registry.example/mirror';
    chosen.plain = false;
    const pinned = `docker.io/library/a@${digest('a')}`;
    expect(commandOf('podman pull ?--tls-verify=false REF', pinned, 'x')).toBe(
      `podman pull registry.example/mirror/${pinned}`,
    );
  });

  it('takes addresses of registries, with a port and a path, and nothing that a shell would read', () => {
    const { isAddress } = commands();
    const good = ['127.0.0.1:5000', 'registry', 'r.example/a/b-c', '[::1]:5000', 'R.example:443/x_y'];
    expect(good.filter((text) => !isAddress(text))).toEqual([]);
    const bad = ['', 'a b', 'a;b', '$(x)', '-x', 'a/', 'a/../b', 'a:port', "a'b", 'a/B', 'user@a', '[::1'];
    expect(bad.filter(isAddress)).toEqual([]);
  });

  it('shows its fields, and writes a command anew for another registry; what is no address changes nothing', () => {
    const { pulls, address, plain, code, search } = startPage();
    expect([pulls.hidden, search.hidden]).toEqual([false, false]);
    expect(code.textContent).toBe('podman pull --tls-verify=false 127.0.0.1:5000/docker.io/library/a:1');
    address.value = ' https://registry.example/mirror/ ';
    plain.checked = false;
    pulls.fire('input');
    expect(code.textContent).toBe('podman pull registry.example/mirror/docker.io/library/a:1');
    address.value = '$(reboot)';
    pulls.fire('input');
    expect(code.textContent).toBe('podman pull registry.example/mirror/docker.io/library/a:1');
  });

  it('hides the images that lack one of the words, and sections without an image', () => {
    const { rows, sections, field, output } = startPage();
    const type = (words: string): boolean[] => {
      field.value = words;
      field.fire('input');
      return rows.map(({ hidden }) => hidden);
    };
    expect(type(' AMD64  quay')).toEqual([true, true, false]);
    expect(sections.map(({ hidden }) => hidden)).toEqual([true, false]);
    expect(output.textContent).toBe('1 of 3');
    expect(type('sparse')).toEqual([true, false, true]);
    expect(type('')).toEqual([false, false, false]);
    expect(sections.map(({ hidden }) => hidden)).toEqual([false, false]);
    expect(output.textContent).toBe('');
  });

  it('sorts by size over all sections, and back by name', () => {
    const { rows, sections, main, order } = startPage();
    const [a, b, c] = rows;
    order.value = '0';
    order.fire('change');
    expect(main.children[0]?.children).toEqual([b, c, a]);
    order.value = '1';
    order.fire('change');
    expect(main.children[0]?.children).toEqual([c, b, a]);
    order.value = 'name';
    order.fire('change');
    expect(sections.map(({ children }) => children)).toEqual([[a, b], [c]]);
    expect(sections.map(({ hidden }) => hidden)).toEqual([false, false]);
  });

  it('sets texts, never markup', () => {
    expect(SCRIPT.markup).not.toMatch(/innerHTML|outerHTML|insertAdjacent|document\.write|eval|Function\(/);
  });
});
