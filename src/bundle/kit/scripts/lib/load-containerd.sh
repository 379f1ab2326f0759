# The part of load.sh for containerd, k3s and RKE2.
[ -n "${runtime-}" ] || { echo 'This is a part of load.sh: sh kit/load.sh containerd' >&2 && exit 2; }

can_hold_platforms=1

# control …: the runtime's ctr, in the namespace.
control() {
  case "$runtime" in
    k3s) k3s ctr -n "$namespace" "$@" ;;
    *) "$ctr" -n "$namespace" "$@" ;;
  esac
}

need_runtime() {
  ctr=ctr
  case "$runtime" in
    k3s) has k3s || refuse 'there is no program k3s here' 'Run this on a node of k3s' ;;
    rke2)
      # RKE2 keeps its ctr out of PATH, and its containerd listens where k3s' does.
      for ctr in /var/lib/rancher/rke2/bin/ctr ctr; do ! has "$ctr" || break; done
      has "$ctr" || refuse 'there is no /var/lib/rancher/rke2/bin/ctr here' 'Run this on a node of RKE2'
      : "${CONTAINERD_ADDRESS:=/run/k3s/containerd/containerd.sock}"
      export CONTAINERD_ADDRESS
      ;;
    *) has ctr || refuse 'there is no program ctr here' 'It comes with containerd; for k3s and RKE2: sh kit/load.sh k3s' ;;
  esac
  if [ "$runtime" != k3s ]; then
    # ctr itself waits long for one that is not there.
    address=${CONTAINERD_ADDRESS:-/run/containerd/containerd.sock}
    [ -S "${address#unix://}" ] ||
      refuse "containerd does not listen at ${address#unix://}" 'Is it running? Another socket: CONTAINERD_ADDRESS=FILE'
  fi
  control images ls >"$work/ls" 2>"$work/err" </dev/null ||
    refuse "$runtime does not answer: $(last_line "$work/err")" \
      'May you speak to it? Most need root: sudo sh kit/load.sh …'
}

# look: $work/images (name, digest), $work/checked (name, digest, state, whether it is unpacked), $work/present.
look() {
  awk 'NR > 1 { print $1 "\t" $3 }' "$work/ls" >"$work/images"
  # Of the images that are asked for: a node may have many others. In brackets (IPv6) a filter is not understood.
  filters=$(awk -F '\t' '
    $8 == "load" { list = list " name==" $1; if ($1 ~ /[^A-Za-z0-9._:\/-]/ || ++count > 500) all = 1 }
    END { print all ? "" : list }' "$work/rows")
  # shellcheck disable=SC2086
  control images check $filters 2>/dev/null </dev/null |
    awk 'NR > 1 { print $1 "\t" $3 "\t" $4 "\t" $NF }' >"$work/checked" || :
  control content ls -q 2>/dev/null </dev/null >"$work/present" || : >"$work/present"
}
look_before() { look; }
look_after() {
  control images ls >"$work/ls" 2>/dev/null </dev/null || :
  look
}

# entries: what may stand under the name, the best first. The original index, of which containerd takes the platform that
# it is asked for, also where others are not here; else what the flat layout has, which is whole.
entries() {
  case "$all_platforms$leaf_platform" in
    1*) echo "$root" ;;
    *:*) echo "$leaf" ;;
    *)
      # containerd remembers one choice of platforms for each index: that for this machine is not replaced by another.
      if ! is_native_leaf && [ "$leaf" != "$digest" ] && cut -f 2 "$work/images" | grep -qxF "$digest" &&
        ! grep -qxF "$leaf" "$work/present"; then
        echo "$leaf"
      elif [ "$root" = "$digest" ]; then echo "$digest"; else echo "$digest" "$root"; fi
      ;;
  esac
}

has_name() { grep -qxF "$1$tab$2" "$work/images"; }

# is_whole: whether all of the image is there, and unpacked where it is for this machine. ctr judges by its platform alone.
is_whole() {
  if is_native_leaf; then
    awk -F '\t' -v name="$reference" '$1 == name { found = $3 == "complete" && $4 == "true" } END { exit !found }' "$work/checked" ||
      return 1
  fi
  if [ -n "$all_platforms" ] || ! is_native_leaf; then
    contents "$found" "$([ -n "$all_platforms" ] || echo "$leaf")" >"$work/all" &&
      awk 'FILENAME == ARGV[1] { present[$1]; next } !($1 in present) { lacks = 1 } END { exit lacks }' "$work/present" "$work/all"
  fi
}

is_loaded() {
  remark=''
  found=$(awk -F '\t' -v name="$reference" '$1 == name { print $2; exit }' "$work/images")
  case " $(entries) $(is_native_leaf || echo "$leaf") " in
    *" ${found:--} "*) ;;
    *) [ -z "$found" ] || remark=$other_image; return 1 ;;
  esac
  [ "$found" = "$digest" ] || remark="a registry has it as $digest"
  has_name "$name@$found" "$found" || { remark="$name@$found is missing"; return 1; }
  is_whole || { remark='it is not whole'; return 1; }
}
is_there() {
  is_loaded || return 1
  case "$(entries) " in "$found "*) ;; *) ! is_native_leaf && [ "$found" = "$leaf" ] ;; esac
}

load_wanted() {
  has_platform_flag=''
  ! control images import --help 2>/dev/null | grep -q -e '--platform ' || has_platform_flag=1
  load_each "$work/wanted"
}

load_image() {
  for wanted in $(entries); do
    if import_entry "$wanted"; then return 0; fi
    # An importer that wants what is not here of an index gets the part that is.
    case "$reason" in *'not found'*) ;; *) return 1 ;; esac
  done
  return 1
}

# import_entry DIGEST: imports it under the name, and under the name by which workloads ask that are pinned by digest.
import_entry() {
  only=$leaf
  [ -z "$all_platforms" ] || only=''
  contents "$1" "$only" >"$work/all" || { reason="kit/manifests.tsv does not know $1"; return 1; }
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[%s]}' \
    "$(descriptor "$1" "$reference")" >"$work/stream/index.json"
  # What containerd has of it is not sent again.
  awk 'FILENAME == ARGV[1] { present[$1]; next } !($1 in present)' "$work/present" "$work/all" >"$work/needed"
  if ! import_blobs "$work/needed"; then
    # What it had a moment ago may be gone: containerd collects what no image uses.
    case "$reason" in *'not found'*) import_blobs "$work/all" || return 1 ;; *) return 1 ;; esac
  fi
  reason=''
  cat "$work/all" >>"$work/present"
  has_name "$name@$1" "$1" || control images tag --force "$reference" "$name@$1" >/dev/null 2>"$work/err" || {
    reason=$(last_line "$work/err")
    return 1
  }
}

# import_blobs FILE: sends these blobs and the index.json that was made.
import_blobs() {
  absent=$(lacking "$1")
  if [ -n "$absent" ]; then
    reason="$absent is not in this bundle"
    return 1
  fi
  set -- "$1"
  if [ -n "$all_platforms" ]; then
    set -- "$@" --all-platforms
  elif [ -n "$has_platform_flag" ]; then
    # A version of Windows is no platform for each ctr.
    case "$leaf_platform" in *:*) ;; *) set -- "$@" --platform "$leaf_platform" ;; esac
  fi
  is_native_leaf || set -- "$@" --no-unpack
  blobs=$1
  shift
  if stream "$blobs" oci-layout index.json | control images import "$@" - >"$work/out" 2>"$work/err"; then
    was_streamed
    return
  fi
  reason=$(reason_said)
  reason=${reason#ctr: }
  return 1
}

advice() { :; }

where_note() {
  where="$ctr -n $namespace"
  [ "$runtime" != k3s ] || where="k3s ctr -n $namespace"
  note "They are in the namespace $namespace of containerd: $where images ls"
}

closing_note() {
  [ "$namespace" = k8s.io ] || return 0
  note 'Kubernetes removes images that no container uses when the disk is nearly full.'
  note 'Late releases of containerd spare those with a label:'
  note "  $where images label NAME io.cri-containerd.pinned=pinned"
  [ "$runtime" = containerd ] || {
    note "An archive in /var/lib/rancher/$runtime/agent/images/ is imported again"
    note "whenever $runtime starts."
  }
}
