export { type AccessLog, parseCombined } from './access-log.ts';
export { type Authority, makeAuthority } from './authority.ts';
export { type Certificates, makeCertificates, PROXIED_HOST, writeCertsDir } from './certificates.ts';
export { type Containerd, type ContainerdImage, startContainerd } from './containerd.ts';
export { type CraneRegistry, startCraneRegistry } from './crane-registry.ts';
export { type Dockerd, type DockerImage, startDockerd } from './dockerd.ts';
export { type DockerRegistry, type DockerRegistryOptions, startDockerRegistry } from './docker-registry.ts';
export { type Podman, type PodmanImage, startPodman } from './podman.ts';
export {
  type InterceptedAnswer,
  type Line,
  type ProxiedRequest,
  type Proxy,
  type ProxyOptions,
  startProxy,
} from './proxy.ts';
export { hasZot, startZot, type Zot, type ZotOptions } from './zot.ts';
