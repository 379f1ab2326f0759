#!/bin/sh
# Writes the configurations by which runtimes pull the names that images have from the site's registry.
case "$0" in */*) kit=${0%/*} ;; *) kit=. ;; esac
. "$kit/lib/common.sh"

usage() {
  cat <<'END'
usage: sh kit/mirrors.sh [--https] [--ca FILE] [--out FOLDER] ADDRESS[/PREFIX]

Writes what containerd, podman, buildah, skopeo, CRI-O, k3s, RKE2 and docker
need to pull the images of this bundle by the names that they have from the
registry at ADDRESS, and prints which file goes where on a node. Nothing else is
changed.

  ADDRESS       the registry as the nodes reach it: HOST[:PORT], without http://
  PREFIX        the path below which the images are in it, as kit/push.sh was
                given
  --https       the registry speaks HTTPS; otherwise plain HTTP is written
  --ca FILE     the certificate authority of the registry, in PEM; means --https
  --out FOLDER  where to: a new or empty folder outside the bundle. Without it a
                new one in /tmp, which does not last

examples:
  sh kit/mirrors.sh 10.0.0.5:5000
  sh kit/mirrors.sh --https registry.example
  sh kit/mirrors.sh --ca /root/ca.crt --out /root/mirrors harbor.example/team
END
}

at_signal() { note 'interrupted: run it again'; }
scheme=http
ca=
out=
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help)
      usage
      exit 0
      ;;
    --https) scheme=https ;;
    --ca | --out)
      [ -n "${2-}" ] || usage_error "$1 needs a value"
      if [ "$1" = --ca ]; then ca=$2 scheme=https; else out=$2; fi
      shift
      ;;
    --)
      shift
      break
      ;;
    -*) usage_error "$1 is not an option" ;;
    *) break ;;
  esac
  shift
done
[ $# -eq 1 ] || usage_error 'one address is needed'

read_address "$1" 'HTTPS is asked for by --https'
url=$scheme://$address
below=${prefix:+/$prefix}

[ -z "$ca" ] || check_authority "$ca"

if [ -n "$out" ]; then
  case $out in /*) ;; *) out=./$out ;; esac
  above=$out
  while [ ! -d "$above" ]; do above=$(dirname "$above"); done
  above=$(cd -- "$above" 2>/dev/null && pwd -P) || refuse "$above cannot be entered" 'Name another folder: --out FOLDER'
  case $above/ in
    "${bundle%/}"/*) refuse "$out would be in the bundle, which stays as it is" 'Name another folder: --out FOLDER' ;;
  esac
  if [ -e "$out" ] || [ -L "$out" ]; then
    [ -d "$out" ] || refuse "$out is not a folder" 'Name a new one: --out FOLDER'
    [ -z "$(ls -A "$out")" ] || refuse "$out is not empty" 'Name a new folder: --out FOLDER'
  fi
fi

# The registries of the names, and the folder that each has below the site's registry. What is there under a name without
# a registry needs no mirror.
temporary
[ -f "$kit/images.tsv" ] || refuse 'kit/images.tsv is not there' 'The bundle is damaged: sh kit/verify.sh'
awk -F "$tab" 'NR > 1 && (slash = index($1, "/")) {
  host = substr($1, 1, slash - 1)
  path = substr($1, slash)
  size = length($8) - length(path)
  if (host in seen || size < 1 || substr($8, size + 1) != path) next
  seen[host] = 1
  print host "\t" substr($8, 1, size)
}' "$kit/images.tsv" >"$work/found"
sort "$work/found" >"$work/named"
if grep -Evq "^($host_form)$tab($component)\$" "$work/named"; then
  refuse 'kit/images.tsv names a registry that cannot be one' 'The bundle is damaged: sh kit/verify.sh'
fi
# And the site's registry by its own address, for what it alone has names for.
{
  cat "$work/named"
  cut -f 1 "$work/named" | grep -Fqx -e "$address" || printf '%s\t\n' "$address"
} | sort >"$work/registries"

# Users read the files that root copies.
umask 022
made=$work/mirrors
mkdir "$made" "$made/hosts"
other_address="# For another address than $address: sh kit/mirrors.sh ADDRESS"
authority=
[ -z "$ca" ] || authority='ca = "ca.crt"
'
insecure=
[ "$scheme" = https ] || insecure='insecure = true
'

# hosts_toml HOST FOLDER: for containerd (docs/hosts.md).
hosts_toml() {
  mirror=$url/v2$below/$2
  reads="capabilities = [\"pull\", \"resolve\"]
override_path = true
$authority"
  printf '# Images of "%s" are pulled from the registry at %s.\n%s\n' "$1" "$address" "$other_address"
  if [ "$1" = "$address" ]; then
    printf 'server = "%s"\n%s' "$url" "$authority"
  else
    printf 'server = "%s"\n%s' "$mirror" "$reads"
  fi
  [ -z "$2" ] || printf '\n[host."%s"]\n%s' "$mirror" "$reads"
}

# registries_conf HOST FOLDER: a table of containers-registries.conf(5).
registries_conf() {
  location=$address
  [ "$1" = "$address" ] || location=$address$below/$2
  printf '\n[[registry]]\nprefix = "%s"\nlocation = "%s"\n%s' "$1" "$location" "$insecure"
  if [ "$1" = "$address" ] && [ -n "$2" ]; then
    printf '\n[[registry.mirror]]\nlocation = "%s"\n%s' "$address$below/$2" "$insecure"
  fi
}

# registries_yaml HOST FOLDER: an entry for k3s and RKE2 (Private Registry Configuration).
registries_yaml() {
  printf '  "%s":\n    endpoint:\n' "$1"
  if [ "$1" != "$address" ]; then
    printf '      - "%s"\n    rewrite:\n      "^(.*)$": "%s/$1"\n' "$url" "${prefix:+$prefix/}$2"
  else
    [ -z "$2" ] || printf '      - "%s"\n' "$url/v2$below/$2"
    printf '      - "%s"\n' "$url"
  fi
}

printf '%s\n' '# For podman, buildah, skopeo and CRI-O: a file of /etc/containers/registries.conf.d' \
  "$other_address" >"$made/registries.conf"
printf '%s\n' '# For k3s /etc/rancher/k3s/registries.yaml, for RKE2 /etc/rancher/rke2/registries.yaml' \
  "$other_address" 'mirrors:' >"$made/k3s-registries.yaml"
while IFS=$tab read -r host folder; do
  # containerd knows a form of folders without a colon.
  case $host in *:*) name=${host%:*}_${host##*:}_ ;; *) name=$host ;; esac
  mkdir "$made/hosts/$name"
  hosts_toml "$host" "$folder" >"$made/hosts/$name/hosts.toml"
  [ -z "$ca" ] || cat "$ca" >"$made/hosts/$name/ca.crt"
  registries_conf "$host" "$folder" >>"$made/registries.conf"
  registries_yaml "$host" "$folder" >>"$made/k3s-registries.yaml"
done <"$work/registries"
if [ -n "$ca" ]; then
  cat "$ca" >"$made/ca.crt"
  printf 'configs:\n  "%s":\n    tls:\n      ca_file: "/etc/rancher/oci-save-ca.crt"\n' "$address" \
    >>"$made/k3s-registries.yaml"
fi
# dockerd's mirrors have no path.
{
  echo '{'
  [ "$scheme" = https ] || printf '  "insecure-registries": ["%s"]%s\n' "$address" "$([ -n "$prefix" ] || echo ,)"
  [ -n "$prefix" ] || printf '  "registry-mirrors": ["%s"]\n' "$url"
  echo '}'
} >"$made/daemon.json"

passing=
if [ -z "$out" ]; then
  passing=yes
  out=$(mktemp -d "${TMPDIR:-/tmp}/mirrors.XXXXXX" 2>/dev/null) ||
    fail "no folder can be made in ${TMPDIR:-/tmp}" 'Name another one: --out FOLDER'
fi
why=$({ mkdir -p "$out" && cp -R "$made/." "$out/"; } 2>&1) ||
  fail "$out cannot be written" "$(printf '%s\n' "$why" | tail -n 1)"
out=$(cd -- "$out" && pwd -P)

from=$(word_of "$out")
# copy_ca PLACE: the line that brings the authority to where a runtime looks for it.
copy_ca() {
  [ -z "$ca" ] || say "  mkdir -p $(word_of "${1%/*}")
  cp $from/ca.crt $(word_of "$1")"
}

how='by plain HTTP.
Where it speaks HTTPS: --https or --ca FILE'
[ "$scheme" = http ] || how='by HTTPS.'
say "Wrote $out"
say "Images of $(awk -F "$tab" '
  NR <= 10 { list = list (NR > 1 ? ", " : "") $1 }
  END { print NR == 0 ? "no registry" : list (NR > 10 ? " and " NR - 10 " more" : "") }' "$work/named")"
say "are pulled from $address$below $how"
[ -z "$passing" ] || say 'The folder does not last: --out FOLDER names one that does.'
say
# By such an address every machine reaches itself.
if matches "$address" "(($label\.)*localhost|127(\.[0-9]+)+|0\.0\.0\.0|\[[0:]+1?\])(:[0-9]+)?"; then
  say "It is for this machine alone: by $address a node reaches itself."
  say 'To make it for others: sh kit/mirrors.sh with an address that they reach.'
  say 'Here, as root, what this machine has of these:'
else
  say 'Bring it to each node, to the same place, for example:'
  say "  scp -r $from root@NODE:$from"
  say 'There, as root, what the node has of these:'
fi
say
say 'containerd (Kubernetes, nerdctl; ctr with --hosts-dir /etc/containerd/certs.d)'
say '  mkdir -p /etc/containerd/certs.d'
say "  cp -R $from/hosts/. /etc/containerd/certs.d/"
say '  It is read at each pull where config.toml has'
say '    config_path = "/etc/containerd/certs.d"'
say '  in the table [plugins."io.containerd.grpc.v1.cri".registry], or of'
say '  containerd 2 in [plugins."io.containerd.cri.v1.images".registry].'
say '  After a change of config.toml: systemctl restart containerd'
say 'podman, buildah, skopeo, CRI-O'
say '  mkdir -p /etc/containers/registries.conf.d'
say "  cp $from/registries.conf /etc/containers/registries.conf.d/oci-save.conf"
copy_ca "/etc/containers/certs.d/$address/ca.crt"
say '  Of CRI-O also: systemctl reload crio'
say '  skopeo inspect needs --no-tags: lists of tags do not follow mirrors'
say 'k3s'
say '  mkdir -p /etc/rancher/k3s'
say "  cp $from/k3s-registries.yaml /etc/rancher/k3s/registries.yaml"
copy_ca /etc/rancher/oci-save-ca.crt
say '  systemctl restart k3s; of an agent: systemctl restart k3s-agent'
say 'RKE2'
say '  mkdir -p /etc/rancher/rke2'
say "  cp $from/k3s-registries.yaml /etc/rancher/rke2/registries.yaml"
copy_ca /etc/rancher/oci-save-ca.crt
say '  systemctl restart rke2-server; of an agent: systemctl restart rke2-agent'
say 'docker 28 and later, with the containerd image store'
say '  mkdir -p /etc/docker/certs.d'
say "  cp -R $from/hosts/. /etc/docker/certs.d/"
say 'other docker: names of docker.io alone, from a registry that has them without'
say 'docker.io/, as kit/serve.sh does'
say "  Bring what $from/daemon.json has"
say '  into /etc/docker/daemon.json, then: systemctl reload docker'
copy_ca "/etc/docker/certs.d/$address/ca.crt"
