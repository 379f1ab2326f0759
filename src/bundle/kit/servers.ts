/** Where the servers of the kit listen: only the machine itself reaches them until somebody says otherwise. */
const ADDRESS = { host: '127.0.0.1', port: '5000' };
/** Where docs/site.md unpacks a bundle. */
const FOLDER = '/srv/images';

/**
 * The configurations of the kit for servers, by their file's name. They are data for programs at the site: zot serves
 * `registry/` by the first two, from the bundle's folder; docker-registry begins empty, and `kit/push.sh` fills it.
 */
export const SERVER_CONFIGURATIONS: Readonly<Record<string, string>> = {
  'zot.json': zotConfiguration({ readTimeout: '0s', writeTimeout: '0s' }),
  'zot-old.json': zotConfiguration({}),
  'zot.service': zotUnit(),
  'docker-registry.yml': dockerRegistryConfiguration(),
};

/**
 * For pulls without a login. Garbage collection and deduplication stay off, since both change what is served. The timeouts
 * would cut each request after a minute: zot has them from 2.1.17 on, and refuses the keys before.
 */
function zotConfiguration(timeouts: Readonly<Record<string, string>>): string {
  const configuration = {
    distSpecVersion: '1.1.1',
    storage: { rootDirectory: 'registry', gc: false, dedupe: false },
    http: {
      address: ADDRESS.host,
      port: ADDRESS.port,
      ...timeouts,
      compat: ['docker2s2'],
      accessControl: { repositories: { '**': { anonymousPolicy: ['read'] } } },
    },
    log: { level: 'info' },
  };
  return `${JSON.stringify(configuration, undefined, 2)}\n`;
}

function zotUnit(): string {
  return `# Serves a bundle to the network with zot, from the start of the machine on.
# It expects the bundle in ${FOLDER}, and zot in ${FOLDER}/kit, /usr/local/bin
# or /usr/bin. As root:
#   sh ${FOLDER}/kit/verify.sh
#   chmod -R a+rX ${FOLDER}
#   cp ${FOLDER}/kit/zot.service /etc/systemd/system/
#   systemctl daemon-reload
#   systemctl enable --now zot
#   journalctl -u zot
[Unit]
Description=Container images of a bundle, served by zot
Wants=network-online.target
After=network-online.target
RequiresMountsFor=${FOLDER}

[Service]
Type=exec
ExecStart=/bin/sh ${FOLDER}/kit/serve.sh --no-verify --listen 0.0.0.0:5000
# With users and HTTPS, whose files only root has to be able to read:
#   LoadCredential=users:/etc/zot/users
#   LoadCredential=crt:/etc/zot/registry.crt
#   LoadCredential=key:/etc/zot/registry.key
#   ExecStart=
#   ExecStart=/bin/sh ${FOLDER}/kit/serve.sh --no-verify --listen 0.0.0.0:5000 --users \${CREDENTIALS_DIRECTORY}/users --cert \${CREDENTIALS_DIRECTORY}/crt --key \${CREDENTIALS_DIRECTORY}/key
# For a port below 1024:
#   AmbientCapabilities=CAP_NET_BIND_SERVICE
#   CapabilityBoundingSet=CAP_NET_BIND_SERVICE
KillMode=mixed
SuccessExitStatus=143
Restart=on-failure
RestartSec=5
# 2: nothing was started, and trying again would not help.
RestartPreventExitStatus=2

DynamicUser=yes
ProtectSystem=strict
ReadOnlyPaths=${FOLDER}
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
UMask=0077

[Install]
WantedBy=multi-user.target
`;
}

function dockerRegistryConfiguration(): string {
  return `# For an empty docker-registry (2.7 or later), which kit/push.sh fills:
#   docker-registry serve ${FOLDER}/kit/docker-registry.yml
#   sh ${FOLDER}/kit/push.sh --plain-http ${ADDRESS.host}:${ADDRESS.port}
# In its container the program is called registry. For other machines, copy this
# file and change addr to 0.0.0.0:${ADDRESS.port}, with "tls" and "auth" where the network
# is not yours alone: whoever reaches it may push.
version: 0.1
log:
  level: info
# Without a cache of blobs: it tells of blobs that garbage collection has removed.
storage:
  filesystem:
    rootdirectory: /var/lib/registry
http:
  addr: ${ADDRESS.host}:${ADDRESS.port}
  headers:
    X-Content-Type-Options: [nosniff]
# What is in the bundle is taken as it is: layers with an address of their own
# (Windows), and from distribution 3 on an index that lacks platforms here.
validation:
  manifests:
    indexes:
      platforms: none
    urls:
      allow:
        - ^https?://
`;
}
