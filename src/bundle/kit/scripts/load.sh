#!/bin/sh
# Loads images of this bundle into the container runtime of this machine, without a registry.
case "$0" in */*) kit=${0%/*} ;; *) kit=. ;; esac
. "$kit/lib/common.sh"
. "$kit/lib/progress.sh"

usage() {
  cat <<'END'
usage: sh kit/load.sh [OPTION…] RUNTIME [PATTERN…]

Loads the images of this bundle into the container runtime of this machine,
through its own program.

RUNTIME
  containerd        by ctr, into the namespace of Kubernetes
  k3s               by k3s ctr
  rke2              by the ctr that RKE2 brings
  docker            by docker load
  podman            by podman pull, from the files of this bundle

PATTERN             the images to load, by name: '*nginx*',
                    'docker.io/library/*', docker.io/library/nginx:1.27.
                    A * stands for any characters, slashes too. Without a
                    pattern: all images.
OPTION
  --platform P      the platform, where it is not this machine's: linux/arm64
  --all-platforms   every platform that is here (containerd, k3s, rke2)
  --namespace N     containerd's namespace; default k8s.io, which is
                    Kubernetes'. ctr and nerdctl use 'default'
  --dry-run         tells what would be done
  -h, --help

Images that are there already are left alone. Charts, signatures, encrypted
images and those of other platforms are skipped, and named. Each image is looked
up in the runtime afterwards.

exit codes: 0 all is there; 1 something is not; 2 nothing was begun

examples
  sudo sh kit/load.sh containerd
  sudo sh kit/load.sh k3s 'docker.io/library/*' '*ingress*'
  sh kit/load.sh podman
  sh kit/load.sh --platform linux/arm64 docker quay.io/team/app:1
END
}

platform_wanted='' all_platforms='' namespace='' dry_run=''
# Options may stand anywhere. What is none of them goes behind what was not yet looked at.
left=$#
while [ "$left" -gt 0 ]; do
  option=$1
  shift
  left=$((left - 1))
  case "$option" in
    --platform=* | --namespace=*) value=${option#*=} ;;
    --platform | --namespace)
      [ "$left" -gt 0 ] || usage_error "$option needs a value"
      value=$1
      shift
      left=$((left - 1))
      ;;
  esac
  case "$option" in
    -h | --help)
      usage
      exit 0
      ;;
    --platform | --platform=*) platform_wanted=$value ;;
    --namespace | --namespace=*)
      namespace=$value
      case "$namespace" in '' | -* | *[!A-Za-z0-9._-]*) usage_error "'$namespace' is no namespace" ;; esac
      ;;
    --all-platforms) all_platforms=1 ;;
    --dry-run) dry_run=1 ;;
    --)
      while [ "$left" -gt 0 ]; do
        set -- "$@" "$1"
        shift
        left=$((left - 1))
      done
      ;;
    -*) usage_error "there is no option $option" ;;
    *) set -- "$@" "$option" ;;
  esac
done
runtime=${1-}
[ $# -eq 0 ] || shift
case "${runtime-}" in
  containerd | k3s | rke2) . "$kit/lib/load-containerd.sh" ;;
  docker | podman)
    # shellcheck source=/dev/null
    . "$kit/lib/load-$runtime.sh"
    ;;
  '') usage_error 'which runtime? containerd, k3s, rke2, docker or podman' ;;
  *) usage_error "$runtime is no runtime that images are loaded into: containerd, k3s, rke2, docker or podman" ;;
esac
case "$platform_wanted" in
  '') ;;
  */) usage_error "$platform_wanted is no platform: linux/amd64 is one" ;;
  *[!A-Za-z0-9/._:+~-]* | /* | -*) usage_error "$platform_wanted is no platform: linux/amd64 is one" ;;
  */*) ;;
  *) usage_error "$platform_wanted is no platform: linux/$platform_wanted?" ;;
esac
[ -z "$namespace" ] || [ -n "$can_hold_platforms" ] ||
  usage_error "$runtime has no namespaces: --namespace is for containerd, k3s and rke2"
namespace=${namespace:-k8s.io}
[ -z "$all_platforms" ] || [ -z "$platform_wanted" ] || usage_error '--platform and --all-platforms contradict each other'
[ -z "$all_platforms" ] || [ -n "$can_hold_platforms" ] ||
  usage_error "$runtime has one platform of an image under a name: choose it by --platform"
for table in images.tsv manifests.tsv; do
  [ -r "$kit/$table" ] || refuse "kit/$table is missing" 'Check the bundle: sh kit/verify.sh'
done

# machine_platform: what this machine runs, in the words of images.
machine_platform() {
  machine=$(uname -m)
  case "$machine" in
    x86_64 | amd64) echo linux/amd64 ;;
    aarch64 | arm64) echo linux/arm64 ;;
    armv8* | armv7*) echo linux/arm/v7 ;;
    armv6*) echo linux/arm/v6 ;;
    armv5*) echo linux/arm/v5 ;;
    i?86) echo linux/386 ;;
    loongarch64) echo linux/loong64 ;;
    mips64*) echo linux/mips64le ;;
    ppc64le | s390x | riscv64) echo "linux/$machine" ;;
    *)
      [ -n "$platform_wanted" ] || refuse "it is not known which images a $machine runs" 'Say it: --platform linux/…'
      echo "linux/$machine"
      ;;
  esac
}

# fitting PLATFORM: the platforms of images that do for it, the best first.
fitting() {
  case "$1" in
    linux/arm64 | linux/arm64/v8) echo linux/arm64 linux/arm64/v8 ;;
    linux/arm | linux/arm/v7) echo linux/arm/v7 linux/arm linux/arm/v6 linux/arm/v5 ;;
    linux/arm/v6) echo linux/arm/v6 linux/arm linux/arm/v5 ;;
    *) echo "$1" ;;
  esac
}

at_signal() {
  progress_end
  note 'interrupted: run it again, what is there is left alone'
}
temporary
# What runtimes read as one archive: files that are made here, and links to the bundle's blobs. Nothing is copied.
mkdir "$work/stream"
ln -s "$bundle/blobs/sha256" "$work/pool"
printf '{"imageLayoutVersion":"1.0.0"}' >"$work/stream/oci-layout"

# read_names: $work/names, a line for each name that runtimes use. A bundle is a stranger's: nothing else than names,
# digests and platforms gets into an argument or a file.
read_names() {
  awk -F '\t' '
    function digest(text) { return text ~ /^sha256:[0-9a-f]+$/ && length(text) == 71 }
    function bad() { print FNR; exit 1 }
    /^#/ || $1 == "-" { next }
    NF < 10 || $1 !~ /^[A-Za-z0-9[][][A-Za-z0-9._:\/-]*$/ || $2 !~ /^[A-Za-z0-9_][A-Za-z0-9._-]*$/ { bad() }
    !digest($3) || !digest($7) || $4 !~ /^[A-Za-z0-9._:\/+~-]+$/ { bad() }
    $6 != "-" && (!digest($5) || !digest($6)) { bad() }
    !(($1, $2) in seen) { seen[$1, $2] = 1; print $1 ":" $2 "\t" $1 "\t" $3 }
  ' "$kit/images.tsv" >"$work/names" ||
    refuse "kit/images.tsv cannot be read at line $(tail -n 1 "$work/names")" 'Check the bundle: sh kit/verify.sh'
  [ -s "$work/names" ] || refuse 'there is no image in this bundle' 'kit/push.sh brings charts and other artifacts into a registry'
}

# select_names PATTERN…: $work/selected, the names that a pattern matches, each with the numbers of its patterns.
select_names() {
  : >"$work/selected"
  number=0
  for pattern; do
    number=$((number + 1))
    matched=''
    while IFS=$tab read -r reference name digest <&3; do
      is_like "$reference" || is_like "$name" || is_like "$name@$digest" || continue
      matched=1
      printf '%s\t%s\n' "$reference" "$number" >>"$work/selected"
    done 3<"$work/names"
    [ -n "$matched" ] || refuse "no image of this bundle has a name that matches '$pattern'" "$(near "$pattern")"
  done
  [ $# -gt 0 ] || cut -f 1 "$work/names" | sed "s/\$/${tab}0/" >"$work/selected"
}

# is_like TEXT: whether it matches the pattern, whose * crosses slashes.
is_like() {
  # shellcheck disable=SC2254
  case "$1" in $pattern) ;; *) return 1 ;; esac
}

# near PATTERN: the names that have most in common with it.
near() {
  cut -f 1 "$work/names" | awk -v pattern="$1" '
    BEGIN {
      wanted = tolower(pattern)
      sub(/@.*/, "", wanted); sub(/\/$/, "", wanted); sub(/.*\//, "", wanted)
      gsub(/[][*?]/, "", wanted); sub(/:.*/, "", wanted)
      wanted = substr(wanted, 1, 30)
    }
    {
      text = tolower($0); best = 0
      for (size = length(wanted); size > 2 && best == 0; size--)
        for (at = 1; at + size - 1 <= length(wanted); at++)
          if (index(text, substr(wanted, at, size))) best = size
      score[NR] = best; name[NR] = $0
      if (best > top) top = best
    }
    END {
      # Half of what was typed, or it is another name.
      is_near = top > 2 && top * 2 >= length(wanted)
      # A number in each awk, though nothing was found.
      for (size = top + 0; size >= 0 && shown < 5; size--)
        for (line = 1; line <= NR && shown < 5; line++)
          if (score[line] == size && (!is_near || size == top || size * 2 >= length(wanted) && size > 3))
            list = list (shown++ ? ", " : "") name[line]
      more = is_near || NR == shown ? "" : sprintf(", and %d more", NR - shown)
      printf "%s%s%s\n", (is_near ? "Near it: " : "There are: "), list, more
    }'
}

# choose_leaves: $work/rows, a line for each selected name: reference, name, digest, root, platform, config, leaf, what
# is to be done (load, skip, other: it is for another platform), why, and the numbers of the patterns.
choose_leaves() {
  awk -F '\t' -v OFS='\t' -v fitting="$(fitting "$platform")" -v platform="$platform" -v all="$all_platforms" '
    function fits(found, wanted) { return found == wanted || index(found, wanted ":") == 1 }
    FILENAME == ARGV[1] { patterns[$1] = patterns[$1] "," $2; next }
    /^#/ { next }
    { reference = $1 ":" $2 }
    !(reference in patterns) { next }
    !(reference in count) { order[++names] = reference; name[reference] = $1; digest[reference] = $3; root[reference] = $7 }
    { line[reference, ++count[reference]] = $4 FS $5 FS $6 FS $9 }
    END {
      split(fitting, wanted, " ")
      for (at = 1; at <= names; at++) {
        reference = order[at]; chosen = ""; here = ""; opaque = 0
        for (row = 1; row <= count[reference]; row++) {
          split(line[reference, row], field, FS)
          if (field[4] == "opaque") opaque = 1
          here = here (row > 1 ? ", " : "") field[1]
        }
        for (best = 1; best in wanted && chosen == ""; best++)
          for (row = 1; row <= count[reference] && chosen == ""; row++) {
            split(line[reference, row], field, FS)
            if (fits(field[1], wanted[best])) chosen = line[reference, row]
          }
        if (chosen == "" && all) chosen = line[reference, 1]
        what = "load"; why = "-"
        split(chosen == "" ? line[reference, 1] : chosen, field, FS)
        if (field[4] == "artifact") { what = "skip"; why = "no image: a chart or another artifact, which a registry serves" }
        else if (chosen == "") { what = "other"; why = "it is for " here ", not for " platform }
        else if (field[4] == "opaque" || all && opaque) { what = "skip"; why = "it has layers that runtimes cannot unpack (encrypted, or for another snapshotter)" }
        print reference, name[reference], digest[reference], root[reference], field[1], field[2], field[3], what, why, patterns[reference]
      }
    }' "$work/selected" "$kit/images.tsv" >"$work/rows"
}

# contents ENTRY LEAF: the digests below an index or a manifest, itself first, each once. Of an index: the indexes in it,
# of which importers want all, and LEAF alone; with an empty LEAF all that is here.
contents() {
  awk -F '\t' -v entry="$1" -v leaf="$2" '
    function emit(digest) { if (!(digest in done)) { done[digest] = 1; print digest } }
    function is_index(digest) { return type[digest] ~ /index|manifest\.list/ }
    function walk(digest, depth,   parts, count, at) {
      if (depth > 8) return
      emit(digest)
      count = content[digest] == "-" ? 0 : split(content[digest], parts, " ")
      for (at = 1; at <= count; at++)
        if (!is_index(digest)) emit(parts[at])
        else if (is_index(parts[at]) || leaf == "" || parts[at] == leaf) walk(parts[at], depth + 1)
    }
    /^#/ { next }
    $1 ~ /^sha256:[0-9a-f]+$/ && $4 ~ /^(-|sha256:[0-9a-f]+( sha256:[0-9a-f]+)*)$/ { type[$1] = $2; content[$1] = $4 }
    END { if (!(entry in type)) exit 1; walk(entry, 0) }' "$kit/manifests.tsv"
}

# descriptor DIGEST NAME: the entry of an index.json, as importers read it.
descriptor() {
  awk -F '\t' -v digest="$1" -v name="$2" '
    $1 == digest && $2 ~ /^[A-Za-z0-9.+\/_-]+$/ && $3 ~ /^[0-9]+$/ {
      printf "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%s,\"annotations\":{", $2, digest, $3
      printf "\"io.containerd.image.name\":\"%s\",\"org.opencontainers.image.ref.name\":\"%s\"}}", name, name
      exit
    }' "$kit/manifests.tsv"
}

# docker_entry LEAF NAME: the entry of a manifest.json, as docker and podman read it.
docker_entry() {
  awk -F '\t' -v leaf="$1" -v name="$2" '
    function path(digest) { sub(/^sha256:/, "blobs/sha256/", digest); return digest }
    $1 == leaf && $4 ~ /^sha256:[0-9a-f]+( sha256:[0-9a-f]+)*$/ {
      count = split($4, parts, " ")
      printf "{\"Config\":\"%s\",\"RepoTags\":[\"%s\"],\"Layers\":[", path(parts[1]), name
      for (at = 2; at <= count; at++) printf "%s\"%s\"", (at > 2 ? "," : ""), path(parts[at])
      printf "]}"
      exit
    }' "$kit/manifests.tsv"
}

# lacking FILE: the first digest of a list whose blob is not in this bundle.
lacking() {
  while read -r blob; do
    [ -f "$bundle/blobs/sha256/${blob#sha256:}" ] || { echo "$blob"; return; }
  done <"$1"
}

# link_blobs FILE FOLDER: puts links to the blobs that FILE lists into a new folder below $work.
link_blobs() {
  rm -rf "$2" && mkdir -p "$2"
  case "${2#"$work"/}" in */*/*) up=../../../pool ;; */*) up=../../pool ;; *) up=../pool ;; esac
  sed "s|^sha256:|$up/|" "$1" | (cd "$2" && xargs sh -c '[ $# -eq 0 ] || ln -s "$@" .' sh)
}

# stream FILE NAME…: an archive of files that were made in $work/stream and of the blobs that FILE lists. (The tar of
# busybox reads no list of files.) While it is sent, $sending tells at a terminal how far it is.
sending=''
stream() {
  link_blobs "$1" "$work/stream/blobs/sha256"
  shift
  rm -f "$work/tar.failed"
  if [ -z "$sending" ] || [ ! -t 2 ]; then
    COPYFILE_DISABLE=1 tar -chf - -C "$work/stream" "$@" blobs 2>"$work/tar.err" || : >"$work/tar.failed"
    return
  fi
  # tar names on its standard error what it sends; the archive goes past that.
  {
    { COPYFILE_DISABLE=1 tar -cvhf - -C "$work/stream" "$@" blobs 2>&1 >&4 || : >"$work/tar.failed"; } | count_sent 4>&-
  } 4>&1
}
# count_sent: reads what tar names, and shows how much that is. The rest are faults, for $work/tar.err.
count_sent() {
  ls -lLn "$work/stream/blobs/sha256" >"$work/sizes"
  awk -v what="$sending" -v faults="$work/tar.err" '
    function readable(n,    i, u) {
      split("B KiB MiB GiB TiB", u, " ")
      for (i = 1; n >= 1023.5 && i < 5; i++) n /= 1024
      return sprintf(i > 1 ? "%.1f %s" : "%d %s", n, u[i])
    }
    BEGIN { printf "" >faults }
    FILENAME == ARGV[1] { if (NF > 5) { size[$NF] = $5; total += $5 }; next }
    {
      name = $0
      sub(/^a /, "", name)
      if (name ~ /^(oci-layout|index\.json|manifest\.json|blobs\/?|blobs\/sha256\/?)$/) next
      if (sub(/^blobs\/sha256\//, "", name) && name in size) {
        # It is named when it begins: what was before it is sent.
        printf "\r\033[K%s: %s of %s sent", what, readable(sent), readable(total) >"/dev/stderr"
        fflush("/dev/stderr")
        sent += size[name]
      } else print >faults
    }
    END { printf "\r\033[K%s: %s sent", what, readable(sent) >"/dev/stderr" }' "$work/sizes" -
}
# was_streamed: whether the last stream was whole.
was_streamed() { [ ! -e "$work/tar.failed" ] || { reason="tar: $(last_line "$work/tar.err")" && return 1; }; }
# reason_said: what a runtime said of a stream that it did not take. Where tar failed before it, that is the reason.
reason_said() {
  if [ -s "$work/tar.err" ] && ! grep -qi 'broken pipe' "$work/tar.err"; then
    echo "tar: $(last_line "$work/tar.err")"
  else
    last_line "$work/err"
  fi
}

# last_line FILE: what a program said last, as a reason: without what a terminal would obey.
last_line() {
  sed -n '/[^[:space:]]/p' "$1" | tail -n 1 | tr "$tab" ' ' | tr -d '\001-\010\013-\037\177' | cut -c 1-300
}

# result REFERENCE DIGEST RESULT [WHY]: a line of the table.
result() { printf '%s\t%s\t%s\t%s\n' "$3" "$2" "$1" "${4-}" >>"$work/table"; }
# both TEXT TEXT: what is there of two remarks.
both() { if [ -n "$1" ] && [ -n "$2" ]; then echo "$1; $2"; else echo "$1$2"; fi; }

# Each runtime has: can_hold_platforms, need_runtime (ends the script where it is not there, sets machine), look_before,
# is_there, load_wanted (which calls load_each or a way of its own), is_loaded (sets found and remark),
# advice (of what failed and is not damaged), where_note, closing_note.
# They read what read_row sets.
read_row() { IFS=$tab read -r reference name digest root leaf_platform config leaf what why patterns; }
# write_row: the same as a line.
write_row() {
  printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' \
    "$reference" "$name" "$digest" "$root" "$leaf_platform" "$config" "$leaf" "$what" "$why" "$patterns"
}

# load_each FILE: loads one image after the other; what fails stops nothing. $work/reasons has why.
load_each() {
  number=0
  total=$(wc -l <"$1" | tr -d ' ')
  while read_row <&3; do
    number=$((number + 1))
    progress "[$number/$total] $reference"
    reason=''
    load_image </dev/null || printf '%s\t%s\n' "$reference" "${reason:-$runtime did not take it}" >>"$work/reasons"
  done 3<"$1"
  progress_end
}
# damage_of: the first blob of the image that is not as it was saved, which a runtime does not always say. Each blob is
# read once.
damage_of() {
  only=$leaf
  [ -z "$all_platforms" ] || only=''
  for top in "$digest" "$root" "$leaf"; do contents "$top" "$only" || :; done | awk '!seen[$0]++' >"$work/suspects"
  awk 'FILENAME == ARGV[1] { good[$0]; next } !($0 in good)' "$work/intact" "$work/suspects" >"$work/unread"
  while read -r blob; do
    file=$bundle/blobs/sha256/${blob#sha256:}
    if [ ! -f "$file" ]; then
      echo "blobs/sha256/${blob#sha256:} is missing"
      return
    elif [ "$(hash_of "$file" 2>/dev/null)" != "${blob#sha256:}" ]; then
      echo "blobs/sha256/${blob#sha256:} is damaged"
      return
    fi
    echo "$blob" >>"$work/intact"
  done <"$work/unread"
}
# moved_from REFERENCE WORDS: what the name stood for before, if it was another image.
other_image='the name stands for another image'
moved_from() {
  awk -F '\t' -v reference="$1" -v words="$2" '$1 == reference { print "the name " words " " $2; exit }' "$work/moved"
}
reason_of() { awk -F '\t' -v reference="$1" '$1 == reference { print $2; exit }' "$work/reasons"; }

machine=''
need_runtime
[ -n "$machine" ] || machine=$(machine_platform)
platform=${platform_wanted:-$machine}
# is_native_leaf: whether the leaf is for this machine, so that the runtime can unpack it.
native=" $(fitting "$machine") "
is_native_leaf() { case "$native" in *" $leaf_platform "*) ;; *) return 1 ;; esac; }
read_names
check_tables
select_names "$@"
choose_leaves
look_before

: >"$work/table" && : >"$work/reasons" && : >"$work/wanted" && : >"$work/satisfied" && : >"$work/moved" && : >"$work/intact"
loaded=0 there=0 skipped=0 failed=0 damaged=0
while read_row <&3; do
  case "$what" in
    load) ;;
    *)
      skipped=$((skipped + 1))
      result "$reference" - skipped "$why"
      continue
      ;;
  esac
  if is_there </dev/null; then
    there=$((there + 1))
    echo "$patterns" >>"$work/satisfied"
    result "$reference" "$found" 'there already' "$remark"
  else
    case "$remark" in "$other_image") printf '%s\t%s\n' "$reference" "$found" >>"$work/moved" ;; esac
    write_row >>"$work/wanted"
  fi
done 3<"$work/rows"

if [ -n "$dry_run" ]; then
  while read_row <&3; do
    loaded=$((loaded + 1))
    echo "$patterns" >>"$work/satisfied"
    result "$reference" "$digest" 'would be loaded' "$(moved_from "$reference" 'stands now for')"
  done 3<"$work/wanted"
elif [ -s "$work/wanted" ]; then
  load_wanted
  look_after
  while read_row <&3; do
    found='' remark=''
    reason=$(reason_of "$reference")
    if is_loaded </dev/null && [ -z "$reason" ]; then
      loaded=$((loaded + 1))
      echo "$patterns" >>"$work/satisfied"
      result "$reference" "$found" loaded "$(both "$(moved_from "$reference" 'stood for')" "$remark")"
    else
      failed=$((failed + 1))
      damage=$(damage_of </dev/null)
      if [ -n "$damage" ]; then
        damaged=$((damaged + 1))
        reason=$damage
      else
        reason=${reason:-$runtime does not have it as it should be${remark:+; $remark}}
        reason="$reason$(advice)"
      fi
      result "$reference" "${found:--}" failed "$reason"
    fi
  done 3<"$work/wanted"
fi

progress_end
# The table, in the order of the bundle.
awk -F '\t' 'FILENAME == ARGV[1] { row[$3] = $0; next } { print row[$1] }' "$work/table" "$work/rows" >"$work/sorted"
result_table "$work/sorted"
say ''
verb=loaded
[ -z "$dry_run" ] || verb='would be loaded'
[ -z "$all_platforms" ] || platform='all platforms that are here'
say "$platform: $loaded $verb, $there there already, $skipped skipped, $failed failed"
[ "$damaged" = 0 ] || note 'The bundle is damaged: sh kit/verify.sh names all that has to be copied again'
left_out=$(awk -F '\t' '$9 == "referrer" { count++ } END { print count + 0 }' "$kit/images.tsv")
[ "$left_out" = 0 ] || note "$left_out signatures, SBOMs or other referrers stay here: runtimes do not take them, kit/serve.sh and kit/push.sh do"
[ $((loaded + there)) = 0 ] || [ -n "$dry_run" ] || where_note
[ "$loaded" = 0 ] || [ -n "$dry_run" ] || closing_note
[ "$failed" = 0 ] || exit 1

# What was asked for by a pattern, and of which nothing can be loaded, is no success; neither is a bundle for other machines.
asked=$#
[ "$asked" -gt 0 ] || set -- 'this bundle'
number=0
[ "$asked" -gt 0 ] || number=-1
for pattern; do
  number=$((number + 1))
  grep -E -q ",$number(,|\$)" "$work/satisfied" && continue
  if awk -F '\t' '$8 == "other" { found = 1 } END { exit !found }' "$work/rows"; then
    fail "nothing of '$pattern' is for $platform" 'Another platform is loaded where you ask for it: --platform linux/arm64'
  fi
  fail "nothing of '$pattern' can be loaded into a runtime" 'A registry takes it: kit/serve.sh, kit/push.sh'
done
