#!/bin/sh
# Pushes the images of this bundle into a registry, digest for digest.
case "$0" in */*) kit=${0%/*} ;; *) kit=. ;; esac
. "$kit/lib/common.sh"
. "$kit/lib/progress.sh"
. "$kit/lib/push-json.sh"
. "$kit/lib/push-login.sh"
. "$kit/lib/push-curl.sh"
. "$kit/lib/push-skopeo.sh"
. "$kit/lib/push-referrers.sh"

usage() {
  cat <<'END'
usage: sh kit/push.sh [OPTIONS] REGISTRY[/PREFIX] [PATTERN…]

Pushes the images of this bundle into a registry: each as
REGISTRY/PREFIX/REPOSITORY:TAG, with the digest that it has here, by skopeo (1.6
or later) or by curl. What is there already is not sent. A tag is put when all
that it names is there. In the end each tag is read again, and its digest
compared.

  REGISTRY          the registry: HOST[:PORT], without http://
  PREFIX            the path below which the images go
  PATTERN           only images whose name matches, as '*nginx*' or
                    'docker.io/library/*:1.*'; * matches / as well
  --dry-run         asks what is there, and sends nothing
  --keep            leaves a tag that has another image there; otherwise it is
                    replaced, and that is said
  --auth-file FILE  logins, in the form of docker and skopeo; otherwise the
                    files that skopeo reads
  --user-from FILE  a file with one line NAME:PASSWORD; - is standard input.
                    Without a login, the terminal is asked
  --ca FILE         the certificate authority of the registry, in PEM
  --insecure        does not check the certificate of the registry
  --plain-http      the registry speaks HTTP without TLS; also needed for
                    localhost
  --with PROGRAM    skopeo or curl; by default skopeo where it is there

exit codes: 0 done; 1 an image was not pushed; 2 nothing was started

examples:
  sh kit/push.sh registry.example:5000
  sh kit/push.sh --ca ca.crt harbor.example/team '*nginx*'
  sh kit/push.sh --plain-http --dry-run localhost:5000
END
}

dry_run='' keep='' auth_file='' user_from='' ca='' insecure='' plain_http='' engine=
while [ $# -gt 0 ]; do
  # --ca=FILE is --ca FILE.
  case $1 in --*=*)
    option=${1%%=*} value=${1#*=}
    shift
    set -- "$option" "$value" "$@"
    case $option in
      --auth-file | --user-from | --ca | --with) ;;
      *) usage_error "$option takes no value" ;;
    esac
    ;;
  esac
  case $1 in
    -h | --help)
      usage
      exit 0
      ;;
    --dry-run) dry_run=yes ;;
    --keep) keep=yes ;;
    --insecure) insecure=yes ;;
    --plain-http) plain_http=yes ;;
    --auth-file | --user-from | --ca | --with)
      [ -n "${2-}" ] || usage_error "$1 needs a value"
      case $1 in
        --auth-file) auth_file=$2 ;;
        --user-from) user_from=$2 ;;
        --ca) ca=$2 ;;
        --with) engine=$2 ;;
      esac
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
[ $# -ge 1 ] || usage_error 'a registry is needed'
for pattern; do
  case $pattern in -*) usage_error "$pattern stands after the registry: options come first" ;; esac
done
[ -z "$auth_file" ] || { [ -f "$auth_file" ] && [ -r "$auth_file" ]; } || refuse "$auth_file is not a file that can be read"
[ -z "$ca" ] || check_authority "$ca"

read_address "$1" 'Plain HTTP is asked for by --plain-http'
target=$address${prefix:+/$prefix}
shift
case $address in
  *[.:]* | localhost) ;;
  # Clients take it for a folder of Docker Hub.
  *) refuse "$address could be the name of an image as well" "Write its port, too: $address:443" ;;
esac
[ -z "$plain_http" ] || [ -z "$ca$insecure" ] || usage_error '--plain-http has no certificate to check'

# Which program sends.
usable_skopeo() {
  has skopeo || return 1
  skopeo_version=$(skopeo --version 2>/dev/null | sed -n 's/^skopeo version \([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p')
  case $skopeo_version in '' | 0.* | 1.[0-5]) return 1 ;; esac
}
case $engine in
  '')
    if usable_skopeo; then
      engine=skopeo
    elif has curl; then
      engine=curl
    elif has skopeo; then
      refuse "skopeo ${skopeo_version:-} is too old: 1.6 changes no digest" 'Install a later one, or curl'
    else
      refuse 'neither skopeo nor curl is here' 'One of them is needed to push'
    fi
    ;;
  skopeo) usable_skopeo || refuse 'there is no skopeo of 1.6 or later here' ;;
  curl) has curl || refuse 'there is no curl here' ;;
  *) usage_error '--with takes skopeo or curl' ;;
esac

child='' login_stty=
at_end() {
  [ -z "$child" ] || kill "$child" 2>/dev/null || :
  [ -z "$login_stty" ] || stty "$login_stty"
}
at_signal() {
  progress_end
  note 'interrupted: push again, only the rest is sent'
}
umask 077
temporary
mkdir "$work/at"
[ -z "$user_from" ] || read_login "$user_from"

# ---- what is in the bundle

# The tables are read once, and nothing in them is taken for more than it can be.
for table in images manifests; do
  [ -f "$kit/$table.tsv" ] || refuse "kit/$table.tsv is not there" 'The bundle is damaged: sh kit/verify.sh'
done
awk -F "$tab" '
  function is_digest(text) { return length(text) == 71 && text ~ /^sha256:[0-9a-f]+$/ }
  NR == 1 { next }
  !is_digest($1) || $2 !~ /^[A-Za-z0-9][A-Za-z0-9.+_-]*\/[A-Za-z0-9][A-Za-z0-9.+_-]*$/ || $3 !~ /^[0-9]+$/ || NF != 4 { exit 1 }
  $4 != "-" { count = split($4, part, " "); for (at = 1; at <= count; at++) if (!is_digest(part[at])) exit 1 }
' "$kit/manifests.tsv" && awk -F "$tab" '
  function is_digest(text) { return length(text) == 71 && text ~ /^sha256:[0-9a-f]+$/ }
  NR == 1 { next }
  NF != 10 || !is_digest($3) || !is_digest($7) || !($10 == "-" || is_digest($10)) { exit 1 }
  length($2) > 128 || $2 !~ /^([A-Za-z0-9_][A-Za-z0-9._-]*|-)$/ { exit 1 }
  $8 !~ /^[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/ { exit 1 }
' "$kit/images.tsv" || refuse 'the tables in kit/ are not what was saved' 'The bundle is damaged: sh kit/verify.sh'
check_tables

is_digest() {
  case $1 in sha256:*[!0-9a-f]*) return 1 ;; sha256:*) [ ${#1} -eq 71 ] ;; *) return 1 ;; esac
}
short() { printf '%.19s' "$1"; }
file_of() { printf '%s/blobs/sha256/%s' "${bundle%/}" "${1#sha256:}"; }
# manifest_field DIGEST COLUMN: of kit/manifests.tsv; nothing where the digest is no manifest.
manifest_field() {
  awk -F "$tab" -v digest="$1" -v column="$2" '$1 == digest { print $column; exit }' "$kit/manifests.tsv"
}
type_of() { manifest_field "$1" 2; }
# content_of DIGEST: what a manifest names, one a line.
content_of() {
  awk -F "$tab" -v digest="$1" '
    $1 == digest && $4 != "-" { count = split($4, part, " "); for (at = 1; at <= count; at++) print part[at] }
    $1 == digest { exit }' "$kit/manifests.tsv"
}
is_index() {
  case $(type_of "$1") in *.index.v1+json | *.manifest.list.v2+json) ;; *) return 1 ;; esac
}
# is_whole DIGEST: whether a file of the bundle has the bytes that its name says.
is_whole() {
  whole_file=$(file_of "$1")
  [ -f "$whole_file" ] || trouble damaged "blobs/sha256/${1#sha256:} is not in the bundle" || return 1
  [ "$(hash_of "$whole_file")" = "${1#sha256:}" ] || trouble damaged "blobs/sha256/${1#sha256:} is damaged"
}

# Each repository and tag once: digest, root, repository, tag, name.
awk -F "$tab" -v OFS="$tab" 'NR > 1 && $9 != "referrer" && $2 != "-" && !seen[$8 ":" $2]++ { print $3, $7, $8, $2, $1 }' \
  "$kit/images.tsv" >"$work/all"
awk -F "$tab" -v OFS="$tab" 'NR > 1 && $9 == "referrer" { print $8, $10, $3, $2 }' "$kit/images.tsv" >"$work/referrers"

# wanted NAME REPOSITORY TAG PATTERN…: whether an image is named by a pattern, with or without its tag.
wanted() {
  wanted_name=$1 wanted_repository=$2 wanted_tag=$3
  shift 3
  for pattern; do
    for form in "$wanted_name" "$wanted_repository" "$wanted_name:$wanted_tag" "$wanted_repository:$wanted_tag"; do
      # It is a pattern, and its * crosses slashes.
      # shellcheck disable=SC2254
      case $form in $pattern) return 0 ;; esac
    done
  done
  return 1
}
for pattern; do
  found=
  while IFS=$tab read -r digest root repository tag name; do
    ! wanted "$name" "$repository" "$tag" "$pattern" || { found=yes && break; }
  done <"$work/all"
  [ -n "$found" ] || refuse "no image of the bundle matches $pattern" 'kit/images.tsv has their names; patterns are quoted'
done
while IFS=$tab read -r digest root repository tag name; do
  [ $# -eq 0 ] || wanted "$name" "$repository" "$tag" "$@" || continue
  printf '%s\t%s\t%s\t%s\n' "$digest" "$root" "$repository" "$tag"
done <"$work/all" >"$work/items"
total=$(wc -l <"$work/items" | tr -d ' ')

# ---- sending

fault='' why='' said='' there='' skopeo_file=

# tell_proxy: the variable that leads away from a registry that is at the site.
tell_proxy() {
  case ",${NO_PROXY-},${no_proxy-}," in *",${address%:*},"*) return 0 ;; esac
  proxy_variables='HTTPS_PROXY https_proxy ALL_PROXY all_proxy'
  [ -z "$plain_http" ] || proxy_variables='HTTP_PROXY http_proxy ALL_PROXY all_proxy'
  for proxy_variable in $proxy_variables; do
    eval "proxy_value=\${$proxy_variable-}"
    [ -n "$proxy_value" ] || continue
    # Its value may hold a password.
    say "$proxy_variable is set here: where the registry is reached without a proxy, add to NO_PROXY: ${address%:*}"
    return 0
  done
}

# hint_for FAULT: what can be done.
hint_for() {
  case $1 in
    plain) say "If that is a registry without TLS: sh kit/push.sh --plain-http $target" ;;
    tls) say 'Leave out --plain-http' ;;
    authority) say 'Name the certificate authority of the registry: --ca FILE (or --insecure, which checks nothing)' ;;
    login | denied)
      if [ -n "$login_user$login$skopeo_file" ]; then
        say 'It takes no pushes with this login: the password may be wrong, or the rights, the project or the quota'
        say 'at the registry forbid it; or it only serves pulls, as kit/serve.sh does.'
        say 'Another login: --user-from FILE, or --auth-file FILE'
      else
        say 'It takes no pushes from you: it may want a login (--user-from FILE, --auth-file FILE, or before:'
        say "skopeo login $address), or only serve pulls, as kit/serve.sh does"
      fi
      ;;
    unreadable) say 'A file of logins cannot be read by this user: name another one by --auth-file FILE' ;;
    gone)
      say 'Push again when it answers: only the rest is sent'
      tell_proxy
      ;;
    rewritten)
      say 'This skopeo would change the index, and so its digest: install curl, which sends it as it is, or a later skopeo'
      ;;
    missing) say 'Some registries want a repository or project to be made before it is pushed to, or take names of few parts' ;;
    minute) say 'A zot ends what takes longer than a minute: "readTimeout": "0s" and "writeTimeout": "0s" below "http" let it go on' ;;
    cut | busy) say 'Push again: only the rest is sent' ;;
    docker) say 'A zot takes Docker images only with "compat": ["docker2s2"] below "http" in its configuration' ;;
    damaged) say 'sh kit/verify.sh names all that is damaged; copy it again. Nothing damaged is in the registry' ;;
  esac
}

# announce WHAT FILE-OR-FOLDER: tells of what takes a while to send.
announce() {
  # A file of less, which most are, is not even listed.
  [ -d "$2" ] || [ -n "$(find -L "$2" -size +131071)" ] || return 0
  mebibytes=$(ls -lLn "$2" | awk '{ sum += $5 } END { printf "%d", sum / 1048576 }')
  [ "$mebibytes" -lt 64 ] || progress "  sending $(short "$1"), $mebibytes MiB"
}

# docker_type: whether the fault is that of a registry that takes no Docker types.
docker_type() {
  case $engine:$fault:$(type_of "$1") in
    *:type:*docker* | skopeo:refused:*docker*) fault=docker ;;
  esac
}

# tree_of DIGEST: the manifests below it that are in the bundle, each after what it lists, and it last: digest, kind.
tree_of() {
  awk -F "$tab" -v OFS="$tab" -v top="$1" '
    function walk(digest,   part, count, at) {
      if (digest in seen) return
      seen[digest] = 1
      if (type[digest] ~ /\.(index\.v1|manifest\.list\.v2)\+json$/) {
        count = split(content[digest], part, " ")
        for (at = 1; at <= count; at++) if (part[at] in type) walk(part[at])
        print digest, "index"
      } else print digest, "leaf"
    }
    NR > 1 { type[$1] = $2; content[$1] = $4 }
    END { if (!(top in type)) exit 1; walk(top) }' "$kit/manifests.tsv"
}

# send REPOSITORY DIGEST [TAG]: a manifest with all below it, which comes first. What this run sent there before is there.
send() {
  tree_of "$2" >"$work/tree" || trouble damaged "kit/manifests.tsv has no line for $(short "$2")" || return 1
  while IFS=$tab read -r digest kind <&5; do
    if [ "$digest" = "$2" ]; then
      is_whole "$digest" && "${engine}_$kind" "$@" || damaged_below "$digest" || return 1
    elif ! grep -Fqx -e "$1 $digest" "$work/sent"; then
      is_whole "$digest" && "${engine}_$kind" "$1" "$digest" || damaged_below "$digest" || return 1
    fi
    printf '%s %s\n' "$1" "$digest" >>"$work/sent"
  done 5<"$work/tree"
}

# damaged_below DIGEST: fails as before, with the damage in the bundle that explains it where skopeo met one.
damaged_below() {
  [ "$engine" = skopeo ] && [ "$fault" = damaged ] || return 1
  content_of "$1" >"$work/blobs"
  while IFS= read -r blob <&6; do
    is_whole "$blob" || return 1
  done 6<"$work/blobs"
  return 1
}

# push_image DIGEST ROOT REPOSITORY TAG: sets `result`, `there` and `remark`; fails with `why` and `fault`.
push_image() {
  image_digest=$1 image_root=$2 image_path=${prefix:+$prefix/}$3 image_tag=$4
  result=failed remark=
  "${engine}_tag" "$image_path" "$image_tag" || {
    case $fault in gone | plain | tls | authority) return 1 ;; esac
    # A registry may let write who may not read.
    [ -z "$keep$dry_run" ] || return 1
  }
  before=$there
  if [ "$there" = "$image_digest" ]; then
    result=unchanged
  elif [ -n "$there" ] && [ "$there" = "$image_root" ]; then
    result=unchanged remark=$narrowed
  elif [ -n "$there" ] && [ -n "$keep" ]; then
    result=kept remark="another image is there, and stays"
    return 0
  elif [ -n "$dry_run" ]; then
    result='to push' there=$image_digest
    [ -z "$before" ] || result='to replace' remark="now $before"
    return 0
  else
    put_image || return 1
    [ -z "$before" ] || result=replaced remark="was $before${remark:+; $remark}"
  fi
  [ -z "$dry_run" ] || return 0
  image_there=$there
  push_referrers "$3" "$image_path" "$image_there" || {
    result=failed
    return 1
  }
  there=$image_there
}

# What a target has that takes no index of which platforms are absent.
narrowed='without the platforms that are not in the bundle: the registry takes no index that lists them'
takes_sparse=

put_image() {
  wanted=$image_digest
  if [ "$image_root" != "$image_digest" ] && [ "$takes_sparse" = no ]; then
    wanted=$image_root
  elif ! send "$image_path" "$image_digest" "$image_tag"; then
    [ "$image_root" != "$image_digest" ] || return 1
    # skopeo does not always tell why a manifest was refused.
    case $engine:$fault in *:refused | *:missing | skopeo:other | skopeo:rewritten) ;; *) return 1 ;; esac
    wanted=$image_root
  fi
  if [ "$wanted" != "$image_digest" ]; then
    send "$image_path" "$wanted" "$image_tag" || return 1
    takes_sparse=no
    remark=$narrowed
  fi
  result=pushed
  # Some registries show a tag a little after it was put.
  for pause in 1 3 0; do
    "${engine}_read" "$image_path" "$image_tag" || return 1
    [ "$there" != "$wanted" ] || return 0
    sleep "$pause"
  done
  trouble other "the tag reads as ${there:-nothing} after the push, not as $wanted"
}

"${engine}_begin" || {
  hint=$(hint_for "$fault")
  fail "$why" ${hint:+"$hint"}
}

# common_words WHY: what went wrong, without what is of this image alone.
common_words() {
  printf '%s\n' "$1" | awk -v path="$image_path" -v tag=":$image_tag" '
    function without(text, part,    at) {
      while (part != "" && (at = index(text, part))) text = substr(text, 1, at - 1) "…" substr(text, at + length(part))
      return text
    }
    {
      gsub(/sha256:[0-9a-f]+/, "…"); gsub(/[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]+/, "…")
      text = without(without($0, path), tag)
      gsub(/manifests?\/[A-Za-z0-9_.-]+|reading manifest [^ ]+/, "…", text)
      print text
    }'
}

: >"$work/sent"
: >"$work/table"
: >"$work/failed"
: >"$work/hints"
at=0 failed=0 logins=0 away=0 referrers_sent=0 stopped='' pushed_any='' alike=0 last_words=
doing=Pushing
[ -z "$dry_run" ] || doing=Comparing
note "$doing $total images by $engine: $target"
while IFS=$tab read -r item_digest item_root item_repository item_tag <&9; do
  at=$((at + 1))
  item=$target/$item_repository:$item_tag
  if [ -n "$stopped" ]; then
    failed=$((failed + 1))
    printf 'not tried\t-\t%s\t\n' "$item" >>"$work/table"
    continue
  fi
  fault='' why=
  if push_image "$item_digest" "$item_root" "$item_repository" "$item_tag" || {
    # curl asks for a login where it needs one.
    [ "$fault:$engine" = login:skopeo ] && [ -z "$login_user" ] && ask_login "$address" && skopeo_login &&
      push_image "$item_digest" "$item_root" "$item_repository" "$item_tag"
  }; then
    logins=0 away=0
    pushed_any=yes alike=0
    progress "[$at/$total] $result $item"
    printf '%s\t%s\t%s\t%s\n' "$result" "$there" "$item" "$remark" >>"$work/table"
    continue
  fi
  docker_type "$item_digest"
  failed=$((failed + 1))
  progress "[$at/$total] failed $item"
  printf 'failed\t-\t%s\t\n' "$item" >>"$work/table"
  hint_for "$fault" >>"$work/hints"
  words=$why
  [ "$fault" = damaged ] || words=$(common_words "$why")
  printf '%s\t%s\t%s\n' "$item" "$why" "$words" >>"$work/failed"
  if [ "$words" = "$last_words" ]; then alike=$((alike + 1)); else alike=1; fi
  last_words=$words
  case $fault in
    # The same words of one image after the other, and none was pushed.
    other) [ -n "$pushed_any" ] || [ "$alike" -lt 3 ] || stopped=yes ;;
    # The next would fail alike, and too many wrong logins may lock one out.
    plain | tls | authority | unreadable) stopped=yes ;;
    login) logins=$((logins + 1)) && [ "$logins" -lt 3 ] || stopped=yes ;;
    gone) away=$((away + 1)) && [ "$away" -lt 2 ] || stopped=yes ;;
  esac
done 9<"$work/items"

# ---- what was done

progress_end
result_table "$work/table"
if [ -s "$work/failed" ]; then
  note
  note 'FAILED'
  # What several have in common is told once.
  awk -F "$tab" '
    !($3 in names) { order[++count] = $3; why[$3] = $2 }
    { names[$3] = names[$3] "  " $1 "\n" }
    END { for (at = 1; at <= count; at++) printf "%s    %s\n", names[order[at]], why[order[at]] }' "$work/failed" >&2
  awk '!seen[$0]++ { print "  " $0 }' "$work/hints" >&2
fi
[ ! -s "$work/notes" ] || {
  note
  cat "$work/notes" >&2
}
say
say "$(cut -f 1 "$work/table" | sort | uniq -c | awk '{ n = $1; $1 = ""; printf "%s%d%s", (NR > 1 ? ", " : ""), n, $0 }') of $total images: $target"
[ "$referrers_sent" -eq 0 ] || say "$referrers_sent signatures and other referrers were sent with them"
[ "$failed" -eq 0 ] || exit 1
