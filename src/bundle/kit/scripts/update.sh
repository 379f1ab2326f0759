#!/bin/sh
# Brings this bundle to a site that has an earlier one: as a join into the folder that is served, or as a swap.
case "$0" in */*) kit=${0%/*} ;; *) kit=. ;; esac
. "$kit/lib/common.sh"
. "$kit/lib/progress.sh"

usage() {
  cat <<'EOF'
Usage: sh kit/update.sh [--join] SITE
         adds this bundle's images to those of the bundle in the folder SITE
       sh kit/update.sh --swap SITE
         keeps each bundle in SITE/releases, and points SITE/current at this one
       sh kit/update.sh --rollback SITE [RELEASE]
         points SITE/current at the release that was current before this one,
         or at RELEASE; run again, it goes one further back, never forward
       sh kit/update.sh --list SITE
         shows the releases, where a roll-back goes, when each came, and two of
         the names in which it is unlike the current one
       sh kit/update.sh --remove SITE RELEASE
         removes one that is not current

A running zot follows without restart: after a join it serves the tags of both
bundles. A name that both have is the one's that is joined later, whichever was
saved first; what had it before can still be pulled by digest. A join is for a
zot that is only pulled from. Of a swap it serves SITE/current/registry.

Both check this bundle and the one at the site before anything is written. A
join that was cut off is finished by running it again; a swap that was cut off
has changed nothing. Never unpack a bundle over another: the tags of the first
would be lost.

  --base BUNDLE   what a bundle that is less than whole builds upon; there is
                  none today
  -h, --help      this page

Examples:
  sh /srv/new/kit/update.sh /srv/images
  sh /srv/new/kit/update.sh --swap /srv/site && ls -l /srv/site/current
  sh /srv/site/current/kit/update.sh --rollback /srv/site

Exit codes: 0 done, 1 failed, 2 nothing was changed at the site, 129, 130 and
143 interrupted.
EOF
}

mode=
choose() {
  case "$mode:$1" in
    :* | swap:rollback | swap:list | swap:remove | "$1:$1") mode=$1 ;;
    rollback:swap | list:swap | remove:swap) ;;
    *) usage_error "--$mode and --$1 are two things: name one" ;;
  esac
}
while [ $# -gt 0 ]; do
  case $1 in
    --join) choose join ;;
    --swap) choose swap ;;
    --rollback) choose rollback ;;
    --list) choose list ;;
    --remove) choose remove ;;
    --base | --base=*)
      refuse 'this bundle is whole: it has all that its lock names, and builds upon no other' 'Leave --base out.'
      ;;
    -h | --help) usage; exit 0 ;;
    --) shift; break ;;
    -?*) usage_error "there is no option $1" ;;
    *) break ;;
  esac
  shift
done
mode=${mode:-join}
[ $# -gt 0 ] || usage_error 'name the folder of the site'
[ -n "$1" ] || usage_error 'the folder of the site has no name'
case $mode in
  rollback) [ $# -le 2 ] || usage_error 'name the folder of the site, and one release at most' ;;
  remove) [ $# -eq 2 ] || usage_error 'name the folder of the site, and the release to be removed' ;;
  *) [ $# -eq 1 ] || usage_error 'name one folder' ;;
esac
given=$1
release=${2:-}

# ---- what both have ----
LOCK=oci-save.lock.json

# check_whole FOLDER WHAT: reads every byte of a bundle.
check_whole() {
  note "checking $1"
  status=0
  # At a terminal it shows how far it is.
  if [ -t 2 ]; then
    sh "$kit/verify.sh" "$1" >"$work/verified" </dev/null &
  else
    sh "$kit/verify.sh" --quiet "$1" >"$work/verified" 2>&1 </dev/null &
  fi
  child=$!
  wait "$child" || status=$?
  child=
  [ "$status" -ne 0 ] || return 0
  cat "$work/verified" >&2
  case $status in
    1) ;;
    129 | 130 | 143) exit "$status" ;;
    *) refuse "$1 could not be checked" ;;
  esac
  case $2 in
    new) fail "$1 is damaged" 'Copy it again from where it came.' ;;
    site) refuse "$1 is damaged" 'Put back what it lacks first, or use --swap, which leaves it as it is.' ;;
    *) refuse "$1 is damaged" 'Nothing was changed: current leads where it did.' ;;
  esac
}

# free_bytes FOLDER: nothing where that is not known. The names before and after the figures may have spaces in them.
free_bytes() {
  df -Pk "$1" 2>/dev/null | awk 'END {
    if (match($0, /[0-9]+ +[0-9]+ +-?[0-9]+ +([0-9]+%|-) +\//)) { split(substr($0, RSTART), figure, " "); printf "%.0f", figure[3] * 1024 }
  }'
}
# check_room BYTES FOLDER
check_room() {
  free=$(free_bytes "$2")
  if [ -z "$free" ]; then
    note "$(readable "$1") are written to $2; how much is free there is not known"
    return 0
  fi
  note "$(readable "$1") are written to $2; $(readable "$free") are free there"
  awk -v need="$1" -v free="$free" 'BEGIN { exit need > free }' ||
    refuse "$2 has $(readable "$free") free, and $(readable "$1") are needed" 'Free space first.'
}

# A bundle's folder, absolute, without links above it.
folder_of() { [ -d "$1" ] && (cd -- "$1" && pwd -P); }

# inside A B: whether the folder A is B or below it.
inside() { case "$1/" in "$2/"*) return 0 ;; esac; return 1; }

# hold FOLDER: keeps two updates of one site apart. Who is at work stands in FOLDER/.oci-save-update.lock, in the form of
# oci-save; what a killed one left on this machine is taken over.
held=
own_namespace() { readlink /proc/self/ns/pid 2>/dev/null | tr -cd 0-9; }
start_of() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }
# seen: what the lock has in it, of a program that may be none of ours. field NAME: what it says of its holder.
seen=
look_at_lock() { seen=$(head -c 4096 <"$lock_file" 2>/dev/null | tr -d '\000') || seen=; }
field() { printf '%s' "$seen" | sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"; }
# abandon: takes away a lock as it was seen. Another process may have found it abandoned at the same time, and taken it.
abandon() {
  mv "$lock_file" "$lock_file.$$" 2>/dev/null || return 0
  judged=$seen
  lock_file=$lock_file.$$
  look_at_lock
  lock_file=${lock_file%.$$}
  if [ "$seen" != "$judged" ] && [ ! -e "$lock_file" ]; then mv "$lock_file.$$" "$lock_file"; else rm -f "$lock_file.$$"; fi
}
hold() {
  lock_file=$1/.oci-save-update.lock
  host=$(uname -n)
  namespace=$(own_namespace)
  me="{\"host\":\"$host\"${namespace:+,\"namespace\":\"$namespace\"},\"pid\":$$"
  start=$(start_of $$) || start=
  me="$me${start:+,\"start\":\"$start\"}}"
  tries=0
  # A pipe in its place would be waited for.
  until [ ! -e "$lock_file" ] && [ ! -L "$lock_file" ] && (set -C && : >"$lock_file") 2>/dev/null; do
    if [ -L "$lock_file" ] || { [ -e "$lock_file" ] && [ ! -f "$lock_file" ]; }; then
      refuse "$lock_file is no regular file" 'Another program made it: remove it.'
    fi
    [ -e "$lock_file" ] || [ -w "$1" ] || refuse "$1 cannot be written"
    look_at_lock
    pid=$(field pid)
    if [ "$(field host)" = "$host" ] && [ "$(field namespace)" = "$namespace" ] && [ -n "$pid" ] &&
      { ! kill -0 "$pid" 2>/dev/null || [ "$(start_of "$pid")" != "$(field start)" ]; } && [ "$tries" -lt 3 ]; then
      abandon
      tries=$((tries + 1))
    elif [ -f "$lock_file" ] && [ -z "$seen" ] && [ "$tries" -lt 3 ]; then
      # Another one has made it this instant, or was killed before it was written.
      sleep 1
      look_at_lock
      [ -n "$seen" ] || abandon
      tries=$((tries + 1))
    else
      refuse "another update of $1 is at work (process ${pid:-unknown} on $(field host))" \
        "Wait for it. If there is none, remove $lock_file"
    fi
  done
  held=$lock_file
  # Of a full disk the shell would tell first, in words of its own.
  printf '%s' "$me" 2>/dev/null >"$lock_file" || refuse "$lock_file could not be written" 'Run this again when there is room.'
}
# What is under way: a check by another process, a folder that is no release yet, one that is none any more.
child='' stage='' removed='' phase=
# Folders that this run made, one a line, the deepest first: they go where nothing came into them.
made=
at_end() {
  if [ -n "$child" ]; then
    kill "$child" 2>/dev/null || :
    wait "$child" 2>/dev/null || :
  fi
  [ -z "$stage" ] || rm -rf "$stage"
  [ -z "$removed" ] || rm -rf "$removed"
  [ -z "$held" ] || rm -f "$held"
  printf '%s' "$made" | while IFS= read -r one; do rmdir "$one" 2>/dev/null || :; done
}
at_signal() {
  progress_end
  case $phase in
    join) note 'interrupted: run the same command again, it goes on from here' ;;
    swap) note "interrupted: run the same command again; release $id may not be current yet" ;;
    remove) note "interrupted: release $release is removed all the same" ;;
    *) note "interrupted: nothing was changed at $given" ;;
  esac
}

# settle FILE…: they are on the disk before the next step builds upon them. An old sync takes no names, and does more.
settle() { sync "$@" 2>/dev/null || sync; }

# by_folder COMMAND LIST: runs it with a folder and names of files in it, some at a time, for all paths of a sorted list.
by_folder() {
  by=$1 by_list=$2 by_at=
  set --
  while IFS= read -r by_path <&3; do
    if [ "${by_path%/*}" != "$by_at" ] || [ $# -ge 100 ]; then
      [ $# -eq 0 ] || "$by" "$by_at" "$@" || return 1
      by_at=${by_path%/*}
      set --
    fi
    set -- "$@" "${by_path##*/}"
  done 3<"$by_list"
  [ $# -eq 0 ] || "$by" "$by_at" "$@"
}

# not_whole FOLDER LIST: of the blobs that a list names below a folder, those that have not the bytes that their names say.
not_whole() {
  (cd "$1" && hashes_of "$2") >"$work/hashes" 2>/dev/null || :
  awk 'FILENAME == ARGV[1] { hash[substr($0, 67)] = substr($0, 1, 64); next }
    { blob = $0; sub(/^.*\//, "", blob) }
    hash[$0] != blob' "$work/hashes" "$2"
}

# Blobs are copied some at a time: small ones take few processes, and a large one is read again while it is in memory.
# add_to_batch BLOB SIZE: fails where it is time to copy those in $work/batch.
batch=0 batch_bytes=0
add_to_batch() {
  printf '%s\n' "$1" >>"$work/batch"
  batch=$((batch + 1)) batch_bytes=$((batch_bytes + $2))
  [ "$batch" -lt 100 ] && [ "$batch_bytes" -lt 67108864 ]
}
# copy_batch FOLDER [WHAT-FOLLOWS]: copies from the bundle what is not in the folder, or is not whole there; begins a new batch.
copy_batch() {
  [ "$batch" -gt 0 ] || return 0
  for attempt in first again; do
    if [ "$attempt" = first ]; then
      while IFS= read -r blob; do [ -f "$1/$blob" ] || printf '%s\n' "$blob"; done <"$work/batch"
    else
      not_whole "$1" "$work/batch"
    fi >"$work/absent"
    # What is not whole may be a link to what is whole elsewhere.
    [ "$attempt" = first ] || [ ! -s "$work/absent" ] || (cd "$1" && xargs rm -f <"$work/absent") || exit 1
    [ ! -s "$work/absent" ] || (cd "$bundle/blobs/sha256" && xargs sh -c 'cp "$@" "$0"' "$1/" <"$work/absent") ||
      fail "$1 could not be written" ${2:+"Run this again when there is room: $2"}
  done
  if [ -s "$work/absent" ]; then
    not_whole "$1" "$work/absent" >"$work/damaged"
    [ ! -s "$work/damaged" ] || fail "$1/$(head -n 1 "$work/damaged") is damaged" "The disk or the medium is faulty.${2:+ Run this again: $2}"
  fi
  batch=0 batch_bytes=0
  : >"$work/batch"
}

. "$kit/lib/join.sh"

# ---- swap ----
# SITE/releases/<12 hex of the lock's digest>/ is one bundle each, and SITE/current a link to one of them.
is_release() { [ ${#1} -eq 12 ] && [ -z "$(printf '%s' "$1" | tr -d 0-9a-f)" ]; }

# open_site: sets `site` and `now`, the current release or nothing. Before it is held, another update may change that.
open_site() {
  site=$(folder_of "$given") || refuse "$given is no folder"
  now=
  [ ! -L "$site/releases" ] || refuse "$site/releases is a link" 'Name the folder that it leads to.'
  if [ -L "$site/current" ]; then
    now=$(readlink "$site/current")
    now=${now#releases/}
    is_release "$now" || refuse "$site/current leads to $(readlink "$site/current"), which is no release" 'Another program made it: name another folder.'
  elif [ -e "$site/current" ]; then
    refuse "$site/current is no link" 'Another program made it: name another folder.'
  fi
}
need_releases() { [ -d "$site/releases" ] || refuse "$site has no releases" "sh kit/update.sh --swap $(word_of "$site") makes the first one"; }

# point_at RELEASE: SITE/current is the old release or the new one at any moment.
point_at() {
  next=$site/.current.$$
  rm -f "$next"
  ln -s "releases/$1" "$next" || fail "no link can be made in $site" 'A swap needs a file system with symbolic links.'
  if ! mv -T "$next" "$site/current" 2>/dev/null; then
    # This mv would move into the folder that a link leads to. Here pulls may fail for an instant.
    [ -L "$site/current" ] || [ ! -e "$site/current" ] || fail "$site/current is no link"
    note 'mv knows no -T here: current is removed and made again'
    rm -f "$site/current"
    mv "$next" "$site/current"
  fi
  [ "$(readlink "$site/current")" = "releases/$1" ] || fail "$site/current could not be pointed at $1"
}

# releases/.history has the way back: releases in the order in which they became current, each once, the current one last.
# way: its lines that are releases. Up to which one is current where that stands there.
way() {
  [ ! -f "$site/releases/.history" ] || while IFS= read -r one; do
    if is_release "$one" && [ -d "$site/releases/$one" ]; then printf '%s\n' "$one"; fi
  done <"$site/releases/.history" |
    awk -v now="$now" '{ line[NR] = $0; if ($0 == now) last = NR } END { for (at = 1; at <= (last ? last : NR); at++) print line[at] }'
}
# before: the release to which a roll-back goes; nothing where there is none.
before() { way | awk -v now="$now" '$0 != now { last = $0 } END { if (NR) print last }'; }
# remember RELEASE BACK: it is current now. By a roll-back, what came after it is no way back any more.
remember() {
  {
    if [ -n "$2" ]; then way | awk -v to="$1" '$0 == to { exit } { print }'; else way | grep -vx -e "$1" || :; fi
    printf '%s\n' "$1"
  } >"$site/releases/.history.new"
  mv -f "$site/releases/.history.new" "$site/releases/.history"
}

swap_in() {
  if [ ! -e "$given" ]; then
    case $given in /*) above=$given ;; *) above=./$given ;; esac
    until [ -e "$above" ]; do
      made="$made$above
"
      above=$(dirname "$above")
    done
    mkdir -p -- "$given" || refuse "$given cannot be made"
  fi
  open_site
  lock_digest=$(hash_of "$bundle/$LOCK") || refuse "$bundle has no $LOCK"
  id=$(printf '%s' "$lock_digest" | cut -c 1-12)
  if [ ! -d "$site/releases" ]; then
    [ ! -e "$site/$LOCK" ] || refuse "$site is itself a bundle" "Name another folder, whose current/registry zot then serves; or join: sh kit/update.sh $(word_of "$given")"
    # Only that there is something is asked, not its name.
    # shellcheck disable=SC2010
    [ -z "$(ls -A "$site" | grep -vx -e 'lost+found' -e '\.oci-save-update\.lock')" ] ||
      refuse "$site is not empty, and has no releases" 'Name a new folder.'
  fi
  if inside "$bundle" "$site" && [ "$bundle" != "$site/releases/$id" ]; then
    refuse "$bundle lies in $site" 'Unpack the new bundle elsewhere.'
  fi
  ! inside "$site" "$bundle" || refuse "$site lies in $bundle" 'Name a folder outside of the bundle.'
  hold "$site"
  open_site
  if [ -d "$site/releases/$id" ]; then
    check_whole "$site/releases/$id" release
  else
    check_whole "$bundle" new
    copy_release
  fi
  if [ "$now" = "$id" ]; then
    say "$site/current is release $id already"
    return 0
  fi
  phase=swap
  point_at "$id"
  remember "$id" ''
  phase=
  say "$site/current is release $id now${now:+; it was $now}"
  say "zot serves $site/current/registry. Back: sh $(word_of "$site/current/kit/update.sh") --rollback $(word_of "$site")"
}

# copy_release: only blobs that no release has take room.
copy_release() {
  [ -d "$site/releases" ] || made="$site/releases
$made"
  mkdir -p "$site/releases"
  stage=$site/releases/.new
  rm -rf "$stage"
  mkdir "$stage"
  # What the bundle's own sums name, which are checked: not what a server may have left there.
  for list in SHA256SUMS SHA256SUMS.registry; do cut -c 67- "$bundle/$list"; done >"$work/names"
  printf '%s\n' SHA256SUMS SHA256SUMS.registry >>"$work/names"
  ! grep -q -e '^/' -e '^\.\.\{0,1\}/' -e '/\.\.\{0,1\}/' -e '/\.\.\{0,1\}$' -e '^$' "$work/names" ||
    fail "$bundle/SHA256SUMS names files outside of the bundle" 'Do not use this bundle.'
  : >"$work/known"
  for one in "$site"/releases/*/blobs/sha256; do
    [ ! -d "$one" ] || find "$one" -type f | sed 's#^\(.*\)/\(.*\)$#\2 \1#' >>"$work/known"
  done
  sed -n 's#^blobs/sha256/##p' "$work/names" | sort >"$work/pool"
  sed -n 's/^    "\(sha256:[0-9a-f]*\)": \([0-9]*\),\{0,1\}$/\1 \2/p' "$bundle/$LOCK" >"$work/sizes"
  awk '
    FILENAME == ARGV[1] { size[substr($1, 8)] = $2; next }
    FILENAME == ARGV[2] { if (!($1 in at)) at[$1] = substr($0, 66); next }
    { print $1 "\t" ($1 in size ? size[$1] : 0) "\t" at[$1] }' "$work/sizes" "$work/known" "$work/pool" >"$work/blobs"
  : >"$stage/.probe"
  links=yes
  ln "$stage/.probe" "$stage/.probe2" 2>/dev/null || links=
  rm -f "$stage/.probe" "$stage/.probe2"
  awk -F '\t' -v links="$links" '
    FILENAME == ARGV[1] { size[substr($0, 8, 64)] = substr($0, 73); next }
    FILENAME == ARGV[2] { if ($3 == "" || !links) need += $2; next }
    !links && sub(/^registry\/.*\/blobs\/sha256\//, "") { need += size[$0] }
    END { printf "%.0f\n", need + 1048576 }' "$work/sizes" "$work/blobs" "$work/names" >"$work/need"
  check_room "$(cat "$work/need")" "$site"
  sed -n 's#^\(.*\)/[^/]*$#./\1#p' "$work/names" | sort -u | tr '\n' '\000' | (cd "$stage" && xargs -0 mkdir -p) ||
    fail "$stage could not be written"
  count=$(wc -l <"$work/blobs" | tr -d ' ')
  note "copying $count blobs"
  number=0
  : >"$work/earlier"
  while IFS="$tab" read -r blob size from <&4; do
    number=$((number + 1))
    [ ! -t 2 ] || progress "copied $number of $count blobs"
    [ -z "$from" ] || printf '%s\n' "$from/$blob" >>"$work/earlier"
    add_to_batch "$blob" "$size" || copy_to_release
  done 4<"$work/blobs"
  copy_to_release
  progress_end
  grep '^registry/.*/blobs/sha256/' "$work/names" | sort -u >"$work/links"
  by_folder link_in_release "$work/links" || fail "$stage could not be written"
  # zot removes its marker.
  grep -v -e '^blobs/sha256/' -e '^registry/.*/blobs/sha256/' "$work/names" | while IFS= read -r one; do
    [ ! -f "$bundle/$one" ] || printf './%s\n' "$one"
  done | sort -u >"$work/others"
  by_folder copy_in_release "$work/others" || fail "$stage could not be written"
  find "$stage" -type d -exec chmod 755 {} +
  find "$stage" -type f ! -path '*/blobs/sha256/*' -exec chmod 644 {} +
  chmod 755 "$stage"/kit/*.sh
  (cd "$stage" && find . -type f -exec sync {} + 2>/dev/null) || sync
  mv "$stage" "$site/releases/$id"
  phase=swap
  stage='' made=
}

# copy_to_release: what an earlier release has of the batch is linked, where its file there is not damaged.
copy_to_release() {
  not_whole / "$work/earlier" >"$work/rotten"
  awk 'FILENAME == ARGV[1] { rotten[$0] = 1; next } !($0 in rotten)' "$work/rotten" "$work/earlier" | sort >"$work/linked"
  by_folder link_from_release "$work/linked"
  : >"$work/earlier"
  copy_batch "$stage/blobs/sha256" ''
}
link_from_release() {
  (cd "$1" && shift && ln "$@" "$stage/blobs/sha256/") 2>/dev/null || :
}
link_in_release() {
  to=$stage/$1
  shift
  ! (cd "$stage/blobs/sha256" && ln -- "$@" "$to/") 2>/dev/null || return 0
  for one; do
    [ "$to/$one" -ef "$stage/blobs/sha256/$one" ] || cp "$stage/blobs/sha256/$one" "$to/$one" || return 1
  done
}
copy_in_release() {
  (cd "$bundle/$1" && to=$stage/$1 && shift && cp -- "$@" "$to/")
}

swap_back() {
  open_site
  need_releases
  hold "$site"
  open_site
  to=$release
  [ -n "$to" ] || to=$(before)
  [ -n "$to" ] || refuse "$site has no release before ${now:-the current one}" "sh kit/update.sh --list $(word_of "$site") shows what there is; name the one that you want."
  is_release "$to" && [ -d "$site/releases/$to" ] || refuse "$site has no release $to" "sh kit/update.sh --list $(word_of "$site") shows what there is."
  [ "$to" != "$now" ] || { say "$site/current is release $to already"; return 0; }
  check_whole "$site/releases/$to" release
  back=
  ! way | grep -qx -e "$to" || back=yes
  id=$to
  phase=swap
  point_at "$to"
  remember "$to" "$back"
  phase=
  say "$site/current is release $to now; it was $now"
  [ -z "$now" ] || say "To $now again: sh $(word_of "$site/current/kit/update.sh") --rollback $(word_of "$site") $now"
}

# unlike_current RELEASE: two of the names that are not the same in it and in the current one.
unlike_current() {
  [ -n "$now" ] && [ "$1" != "$now" ] || return 0
  set -- "$site/releases/$1/kit/images.tsv" "$site/current/kit/images.tsv"
  [ -f "$1" ] && [ -f "$2" ] || return 0
  awk -F '\t' '
    # Nobody has checked what is in it.
    /^#/ || $9 == "referrer" || ($8 ":" $2) !~ /^[A-Za-z0-9._:\/-]+$/ { next }
    {
      name = $8 ":" $2
      if (!(name in seen)) { seen[name] = 1; order[++names] = name }
      if (FILENAME == ARGV[1]) own[name] = own[name] " " $3 $6; else current[name] = current[name] " " $3 $6
    }
    END {
      for (at = 1; at <= names; at++) {
        name = order[at]
        if (own[name] == current[name]) continue
        if (++count <= 2) text = text (text == "" ? "" : ", ") (own[name] == "" ? "without " : "") name
      }
      if (count) print text (count > 2 ? " and " count - 2 " more" : "")
    }' "$@"
}

list_releases() {
  open_site
  need_releases
  earlier=$(before)
  printf '%s\t%s\t%s\t%s\t%s\t%s\n' RELEASE IMAGES SIZE '' SINCE 'UNLIKE THE CURRENT ONE'
  for one in "$site"/releases/*/; do
    one=${one%/}
    id=${one##*/}
    is_release "$id" || continue
    images=$(grep -c '^      "ref": ' "$one/$LOCK" || :)
    size=$(sed -n 's/^    "sha256:[0-9a-f]*": \([0-9]*\),\{0,1\}$/\1/p' "$one/$LOCK" | awk '{ n += $1 } END { printf "%.0f", n }')
    mark=
    [ "$id" != "$earlier" ] || mark='a roll-back goes here'
    [ "$id" != "$now" ] || mark=current
    # A date that takes no file here tells nothing.
    since=$(date -r "$one" '+%Y-%m-%d %H:%M' 2>/dev/null) || since=-
    printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$id" "$images" "$(readable "$size")" "$mark" "$since" "$(unlike_current "$id")"
  done
  [ ! -d "$site/releases/.new" ] || [ -e "$site/.oci-save-update.lock" ] ||
    note "A swap was cut off: $site/releases/.new is no release, and goes at the next swap"
  say "together on the disk, shared blobs once: $(readable "$(du -sk "$site/releases" | awk '{ printf "%.0f", $1 * 1024 }')")"
}

remove_release() {
  open_site
  need_releases
  hold "$site"
  open_site
  is_release "$release" && [ -d "$site/releases/$release" ] || refuse "$site has no release $release" "sh kit/update.sh --list $(word_of "$site") shows what there is."
  [ "$release" != "$now" ] || refuse "release $release is current" 'Roll back or bring another one first.'
  rm -rf "$site/releases/.old"
  mv "$site/releases/$release" "$site/releases/.old"
  phase=remove removed=$site/releases/.old
  rm -rf "$removed"
  removed=
  remember "$now" ''
  say "release $release is removed"
}

umask 022
temporary
plain_path "$bundle"
plain_path "$(folder_of "$given" || printf '%s' "$given")"
case $mode in
  join) join_site ;;
  swap) swap_in ;;
  rollback) swap_back ;;
  list) list_releases ;;
  remove) remove_release ;;
esac
