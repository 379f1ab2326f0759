import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { interimName, planRelease, type PlanInput, type WantedFile } from '../../src/github-release/plan.ts';
import type { Asset } from '../../src/github-release/service/service.ts';

const digest = (text: string): ReturnType<typeof digestOf> => digestOf(new TextEncoder().encode(text));
const file = (name: string, content = name, record = false): WantedFile => ({
  name,
  size: 10,
  digest: digest(content),
  record,
});
let id = 0;
const asset = (name: string, content = name, state = 'uploaded'): Asset => ({
  id: (id += 1),
  name,
  size: state === 'uploaded' ? 10 : 0,
  state,
  digest: state === 'uploaded' ? digest(content) : null,
});
const plan = (parts: Partial<PlanInput>): ReturnType<typeof planRelease> =>
  planRelease({
    files: [],
    present: [],
    earlier: new Set(),
    draft: true,
    ours: false,
    lacking: [],
    policy: 'auto',
    ...parts,
  });
const actions = (parts: Partial<PlanInput>): string[] =>
  plan(parts).steps.map((step) => (step.action === 'none' ? step.status : step.action));

describe('planRelease', () => {
  it('sends what is missing, and nothing that is there', () => {
    const files = [file('a'), file('b')];
    expect(actions({ files, present: [asset('a'), asset('other')] })).toEqual(['there', 'send']);
  });

  it.each([
    ['auto', true, ['replace']],
    ['auto', false, []],
    ['replace', false, ['replace']],
    ['keep', true, ['kept']],
    ['fail', true, []],
  ] as const)('of another content, with policy %s and draft %s, is %j', (policy, draft, wanted) => {
    const input = { files: [file('a')], present: [asset('a', 'old')], policy, draft };
    expect(actions(input)).toEqual(wanted);
    expect(plan(input).conflicts).toEqual(wanted.length === 0 ? ['a'] : []);
  });

  it('does not keep an archive that is not whole: replaces it in a draft of ours, plans nothing elsewhere', () => {
    const files = [file('a'), file('b')];
    const lacking = ['b is missing'];
    const input = { files, present: [asset('a', 'old')], policy: 'keep', lacking } as const;
    expect(actions({ ...input, ours: true })).toEqual(['replace', 'send']);
    expect(plan(input)).toEqual({ steps: [], stale: [], conflicts: ['a'], lacking });
    expect(plan({ ...input, draft: false })).toEqual({ steps: [], stale: [], conflicts: ['a'], lacking });
    expect(actions({ ...input, lacking: [], ours: true })).toEqual(['kept']);
    expect(actions({ ...input, present: [asset('a')], ours: true })).toEqual(['there', 'send']);
  });

  it('ignores a run’s record when it compares, and renews it with the content alone', () => {
    const record = file('r', 'new', true);
    const old = asset('r', 'old');
    expect(actions({ files: [file('a'), record], present: [asset('a'), old], draft: false })).toEqual([
      'there',
      'there',
    ]);
    const left = plan({ files: [file('a'), record], present: [asset('a'), old], draft: false }).steps[1];
    expect(left?.file).toMatchObject({ size: old.size, digest: old.digest });
    expect(actions({ files: [file('a'), record], present: [old] })).toEqual(['send', 'replace']);
    expect(actions({ files: [file('a'), record], present: [old], draft: false })).toEqual(['send', 'there']);
    expect(actions({ files: [file('a'), record], present: [asset('a')] })).toEqual(['there', 'send']);
  });

  it('replaces what a broken upload left, whatever the policy', () => {
    const broken = asset('a', 'a', 'starter');
    for (const policy of ['auto', 'keep', 'fail', 'replace'] as const) {
      const { steps } = plan({ files: [file('a')], present: [broken], draft: false, policy });
      expect(steps).toEqual([expect.objectContaining({ action: 'send', broken })]);
    }
  });

  it('renames a file that an earlier run sent and did not rename', () => {
    const sent = asset(interimName('a'), 'a');
    const old = asset('a', 'old');
    expect(plan({ files: [file('a')], present: [old, sent] }).steps).toEqual([
      expect.objectContaining({ action: 'rename', sent, old }),
    ]);
    expect(actions({ files: [file('a')], present: [sent] })).toEqual(['rename']);
    const other = asset(interimName('a'), 'older');
    expect(plan({ files: [file('a')], present: [old, other] }).steps).toEqual([
      expect.objectContaining({ action: 'replace', old, broken: other }),
    ]);
  });

  it('removes what earlier runs left, and nothing else', () => {
    const present = ['a', 'a.new', 'b', 'c', 'c.new'].map((name) => asset(name));
    const { stale } = plan({ files: [file('a')], present, earlier: new Set(['a', 'b']) });
    expect(stale.map(({ name }) => name)).toEqual(['a.new', 'b']);
  });

  it('removes an interim file of older content whose own file is gone and is sent anew', () => {
    const { steps, stale } = plan({ files: [file('a')], present: [asset(interimName('a'), 'older')] });
    expect(steps).toEqual([expect.objectContaining({ action: 'send' })]);
    expect(stale.map(({ name }) => name)).toEqual([interimName('a')]);
  });

  it('takes a file of another size as another one, whatever digest the service tells', () => {
    const present = [{ ...asset('a'), size: 9 }];
    expect(actions({ files: [file('a')], present })).toEqual(['replace']);
  });

  it('removes from a draft of ours what another archive left, whatever the policy', () => {
    for (const policy of ['auto', 'keep', 'fail', 'replace'] as const) {
      const input = { files: [file('a')], present: [asset('b')], earlier: new Set(['b']), policy };
      expect(plan({ ...input, ours: true }).stale.map(({ name }) => name)).toEqual(['b']);
    }
  });

  it('takes files whose bytes are not known as missing', () => {
    const unknown = { ...file('a'), digest: undefined };
    expect(actions({ files: [unknown], present: [asset('a')], draft: false })).toEqual(['replace']);
    expect(plan({ files: [unknown], present: [asset('a')], draft: false }).conflicts).toEqual([]);
  });

  it('plans nothing once its plan has been carried out', () => {
    const names = fc.constantFrom('a', 'b', 'c', 'd');
    const content = fc.constantFrom('1', '2');
    const state = fc.constantFrom('uploaded', 'starter');
    const assets = fc.uniqueArray(fc.tuple(fc.oneof(names, names.map(interimName)), content, state), {
      selector: ([name]) => name,
    });
    const files = fc.uniqueArray(fc.tuple(names, content), { selector: ([name]) => name });
    fc.assert(
      fc.property(files, assets, (wanted, there) => {
        const input = {
          files: wanted.map(([name, text]) => file(name, text)),
          present: there.map((one) => asset(...one)),
        };
        const first = plan({ ...input, policy: 'replace' });
        const gone = new Set(first.stale);
        const after = new Map(input.present.filter((one) => !gone.has(one)).map((one) => [one.name, one]));
        for (const step of first.steps) {
          if (step.action === 'none') continue;
          if (step.action !== 'send') after.delete(interimName(step.file.name));
          after.set(step.file.name, { ...asset(step.file.name), digest: step.file.digest ?? null });
        }
        const second = plan({ ...input, present: [...after.values()], policy: 'replace' });
        expect(second.steps.every(({ action }) => action === 'none')).toBe(true);
        expect(second.stale).toEqual([]);
      }),
    );
  });
});
