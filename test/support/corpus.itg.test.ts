import { describe, expect, it } from 'vitest';
import { hostPlatform, matchesPlatform } from '../../src/oci/platform.ts';
import { parseManifest } from '../../src/oci/manifest.ts';
import { platformOf } from '../../src/oci/descriptor.ts';
import { corpus } from './corpus.ts';
import { topOf } from './image.ts';
import { pushImage } from './push.ts';
import { startContainerd, startDockerRegistry } from './servers/index.ts';

describe('the corpus of real programs', () => {
  it('has images of both kinds for two platforms on one base', async () => {
    const images = await corpus();
    expect(images.length).toBeGreaterThan(15);
    expect(new Set(images.map(({ image }) => topOf(image).mediaType)).size).toBe(2);
    const bases = images.map(({ image }) => {
      const index = parseManifest(topOf(image).bytes);
      if (index.kind !== 'index') throw new Error('no index');
      expect(index.manifests).toHaveLength(2);
      const own = index.manifests.find((child) =>
        matchesPlatform(hostPlatform(process.arch), platformOf(child) ?? { os: '', architecture: '' }),
      );
      const manifest = parseManifest(
        image.manifests.get(own?.digest ?? image.top)?.bytes ?? new Uint8Array(),
      );
      return manifest.kind === 'manifest' ? manifest.layers[0]?.digest : undefined;
    });
    expect(new Set(bases).size).toBe(1);
    const blobs = new Map(images.flatMap(({ image }) => [...image.blobs]));
    const bytes = [...blobs.values()].reduce((sum, { length }) => sum + length, 0);
    expect(bytes).toBeGreaterThan(50e6);
    expect(bytes).toBeLessThan(200e6);
  });

  it('runs its programs', async () => {
    await using registry = await startDockerRegistry();
    await using containerd = await startContainerd();
    for (const { name, tag, image, command, prints } of (await corpus()).slice(0, 3)) {
      await pushImage(registry.target, name, image, tag);
      await containerd.pull(`${registry.host}/${name}:${tag}`);
      expect(await containerd.run(`${registry.host}/${name}:${tag}`, ...command)).toContain(prints);
    }
  });
});
