import { afterEach, describe, expect, it, vi } from 'vitest';
import { findTool, toolPath } from './tools.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('findTool', () => {
  it('takes the program of the environment first, then searches PATH', () => {
    vi.stubEnv('SOME_TOOL_BIN', process.execPath);
    expect(findTool('some-tool')).toBe(process.execPath);
    vi.stubEnv('SOME_TOOL_BIN', '');
    expect(findTool('some-tool')).toBeUndefined();
    expect(findTool('sh')).toMatch(/\/sh$/);
  });

  it('refuses a variable whose file is not a program', () => {
    vi.stubEnv('SOME_TOOL_BIN', import.meta.dirname);
    expect(() => findTool('some-tool')).toThrow(/SOME_TOOL_BIN/);
  });
});

describe('toolPath', () => {
  it('says how to install a missing program', () => {
    expect(() => toolPath('no-such-tool')).toThrow(/scripts\/test-tools/);
  });
});
