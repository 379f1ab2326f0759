import { parsePlatformChoice, type PlatformChoice } from '../../../oci/platform.ts';
import type { Collector } from '../../entry/findings.ts';
import { refusal } from '../../problems.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { MAX_LINE, stripQuotes } from '../../syntax/lines.ts';
import { addImage } from '../images.ts';

/** Sections that name an image or an artifact. */
const SECTIONS = new Set(['Container', 'Image', 'Volume', 'Artifact']);

/** A section of a unit, with the lines of its keys. */
interface Section {
  readonly name: string;
  readonly values: { readonly key: string; readonly value: string; readonly line: number }[];
}

/**
 * A quadlet unit of podman (podman-systemd.unit(5)): `Image=` of a container, an image or a volume, with the platform that
 * an image unit names. An image that another unit pulls or builds is not in it.
 */
export function parseQuadlet({ text }: ListDocument, collector: Collector): void {
  for (const section of sectionsOf(text)) {
    if (section.name === 'Kube' && section.values.some(({ key }) => key === 'Yaml')) {
      collector.ignore('manifests of Kube units');
    }
    if (section.name === 'Build') collector.ignore('builds');
    if (!SECTIONS.has(section.name)) continue;
    for (const { key, value, line } of section.values) {
      if (collector.stopsAt(line)) return;
      if (key === 'Image' || key === 'Artifact') addUnitImage(line, value, section, collector);
      else if (key === 'AuthFile') collector.ignore('AuthFile');
    }
  }
}

function addUnitImage(line: number, value: string, section: Section, collector: Collector): void {
  if (/\.(?:image|build)$/.test(value)) collector.ignore('images of other units');
  else if (value.includes('%')) {
    const reason = 'this image has a specifier of systemd, which only a running unit fills';
    collector.addReject(line, refusal(reason, 'Write its value.'));
  } else addImage(collector, line, value, () => ({ platforms: platformOf(section) }));
}

function platformOf({ values }: Section): PlatformChoice | undefined {
  const valueOf = (wanted: string): string | undefined => values.find(({ key }) => key === wanted)?.value;
  const [os, architecture, variant] = [valueOf('OS') ?? 'linux', valueOf('Arch'), valueOf('Variant')];
  if (architecture === undefined) return undefined;
  return parsePlatformChoice([os, architecture, ...(variant === undefined ? [] : [variant])].join('/'));
}

/** Sections of a unit file (systemd.syntax(7)); a line that ends in a backslash goes on in the next one. */
function sectionsOf(text: string): Section[] {
  const sections: Section[] = [];
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const line = at + 1;
    let content = (lines[at] ?? '').trim();
    if (content === '' || /^[#;]/.test(content) || content.length > MAX_LINE) continue;
    while (content.endsWith('\\') && at + 1 < lines.length && content.length <= MAX_LINE) {
      at += 1;
      const next = (lines[at] ?? '').trim();
      // A comment does not end a value that goes on.
      if (!/^[#;]/.test(next)) content = `${content.slice(0, -1).trim()} ${next}`.trim();
    }
    const name = /^\[([\w-]+)\]$/.exec(content)?.[1];
    const equals = content.indexOf('=');
    if (name !== undefined) sections.push({ name, values: [] });
    else if (equals > 0) {
      const [key, value] = [content.slice(0, equals).trim(), stripQuotes(content.slice(equals + 1))];
      sections.at(-1)?.values.push({ key, value, line });
    }
  }
  return sections;
}
