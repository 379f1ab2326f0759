/** Where zot listens, and what it serves. */
export interface ZotSettings {
  readonly root: string;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

/**
 * zot's configuration for a bundle: anybody may read, nobody may write, and nothing of the bundle is collected or linked anew.
 * @param timeouts whether the version takes the two keys: from 2.1.17 on, where a pull of more than a minute is cut without
 *   them. `zot verify` tells, `zot --version` does not.
 */
export function zotConfig({ root, host, port }: ZotSettings, timeouts: boolean): string {
  const config = {
    distSpecVersion: '1.1.1',
    storage: { rootDirectory: root, gc: false, dedupe: false },
    http: {
      // It joins the two by a colon.
      address: host.includes(':') ? `[${host}]` : host,
      port: String(port),
      ...(timeouts ? { readTimeout: '0s', writeTimeout: '0s' } : {}),
      compat: ['docker2s2'],
      accessControl: { repositories: { '**': { anonymousPolicy: ['read'] } } },
    },
    log: { level: 'info' },
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
