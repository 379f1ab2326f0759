import { afterEach, describe, expect, it, vi } from 'vitest';
import { findTool, toolPath } from './tools.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('findTool', () => {
  it('takes the environment first, then searches', () => {
    vi.stubEnv('SOME_TOOL_BIN', process.execPath);
    expect(findTool('some-tool')).toBe(process.execPath);
    vi.stubEnv('SOME_TOOL_BIN', '');
    expect(findTool('some-tool')).toBeUndefined();
    expect(findTool('sh')).toMatch(/\/sh$/);
  });

  it('refuses a variable that names no program', () => {
    vi.stubEnv('SOME_TOOL_BIN', import.meta.dirname);
    expect(() => findTool('some-tool')).toThrow(/SOME_TOOL_BIN/);
  });
});

describe('toolPath', () => {
  it('says how a missing program comes', () => {
    expect(() => toolPath('no-such-tool')).toThrow(/scripts\/test-tools/);
  });
});
