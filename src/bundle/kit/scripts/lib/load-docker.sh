# The part of load.sh for docker.
[ -n "${runtime-}" ] || { echo 'This is a part of load.sh: sh kit/load.sh docker' >&2 && exit 2; }

can_hold_platforms=''

need_runtime() {
  has docker || refuse 'there is no program docker here'
  # The daemon may be elsewhere: in a virtual machine, or by DOCKER_HOST.
  docker version --format '{{.Server.Os}}/{{.Server.Arch}}' >"$work/info" 2>"$work/err" </dev/null ||
    refuse "docker does not answer: $(last_line "$work/err")" 'Is it running, and may you speak to it? sudo sh kit/load.sh docker …'
  read -r machine <"$work/info" || :
  case "$machine" in
    linux/arm) machine=linux/arm/v7 ;;
    */?*) ;;
    *) machine='' ;;
  esac
  # With containerd's store an image's ID is the digest under its name; otherwise it is its config's, and digests are lost.
  keeps_digests=''
  ! docker info --format '{{json .DriverStatus}}' 2>/dev/null </dev/null | grep -q 'io\.containerd\.snapshotter' || keeps_digests=1
}

look_before() { :; }
look_after() { :; }

# entry: what the stream has under the name. A root is whole, which docker's containerd store wants: see docs of the bundle.
entry() { if [ -n "$platform_wanted" ]; then echo "$leaf"; else echo "$root"; fi; }

is_loaded() {
  remark='' found=''
  found=$(docker image inspect --format '{{.Id}}' "$reference" 2>/dev/null) || return 1
  if [ -z "$keeps_digests" ]; then
    [ "$found" = "$config" ] || { remark=$other_image; return 1; }
  elif [ "$found" != "$(entry)" ]; then
    # Some releases tell the manifest of an index, or the config.
    case "$found" in
      "$leaf" | "$digest" | "$config") ;;
      *) remark=$other_image && return 1 ;;
    esac
  fi
}
is_there() { is_loaded; }

# load_wanted: all in one stream, each blob once. Where docker ends at one of them, the others go one by one.
load_wanted() {
  sending="$(wc -l <"$work/wanted" | tr -d ' ') images to docker load"
  [ -t 2 ] || note "$sending"
  begin_archive
  : >"$work/together"
  while read_row <&3; do
    reason=''
    if add_to_archive; then cat "$work/all" >>"$work/together"; else printf '%s\t%s\n' "$reference" "$reason" >>"$work/reasons"; fi
  done 3<"$work/wanted"
  sent=yes
  send "$work/together" || sent=''
  [ ! -t 2 ] || note ''
  sending=''
  [ -z "$sent" ] || return 0
  note "docker load: $reason"
  note 'The images follow one by one.'
  : >"$work/single"
  while read_row <&3; do
    [ -n "$(reason_of "$reference")" ] || is_loaded </dev/null || write_row >>"$work/single"
  done 3<"$work/wanted"
  load_each "$work/single"
}

load_image() {
  begin_archive
  add_to_archive && cp "$work/all" "$work/together" && send "$work/together"
}

begin_archive() { : >"$work/oci" && : >"$work/docker"; }

# add_to_archive: adds an image to both forms, since each of docker's stores reads another one.
add_to_archive() {
  only=''
  [ -n "$keeps_digests" ] || only=$leaf
  contents "$(entry)" "$only" >"$work/all" || { reason="kit/manifests.tsv does not know $(entry)"; return 1; }
  absent=$(lacking "$work/all")
  [ -z "$absent" ] || { reason="$absent is not in this bundle"; return 1; }
  descriptor "$(entry)" "$reference" >>"$work/oci" && echo >>"$work/oci"
  docker_entry "$leaf" "$reference" >>"$work/docker" && echo >>"$work/docker"
}

# send FILE: streams both forms and these blobs, each once.
send() {
  sort -u "$1" >"$work/needed"
  [ -s "$work/needed" ] || return 0
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[%s]}' \
    "$(tr '\n' ',' <"$work/oci" | sed 's/,$//')" >"$work/stream/index.json"
  printf '[%s]' "$(tr '\n' ',' <"$work/docker" | sed 's/,$//')" >"$work/stream/manifest.json"
  if stream "$work/needed" oci-layout index.json manifest.json | docker load --quiet >"$work/out" 2>"$work/err"; then
    was_streamed
    return
  fi
  reason=$(reason_said)
  return 1
}

advice() {
  case "$reason" in *'invalid tar header'*) echo ' (before version 23 Docker reads no layers of zstd)' ;; esac
}
where_note() { :; }

closing_note() {
  [ -n "$keeps_digests" ] ||
    note "docker's store keeps image IDs, not digests: name@sha256:… does not find these images. A registry keeps them: kit/serve.sh"
}
