#!/bin/sh
# Checks this folder: hashes every byte once, compares it with what was saved, and names what is damaged, with the images
# that need it. Nothing is written here.
case "$0" in */*) kit=${0%/*} ;; *) kit=. ;; esac
. "$kit/lib/common.sh"

usage() {
  cat <<END
Usage: sh kit/$program [--quiet] [FOLDER]

Checks the folder that this kit is in, or another FOLDER of the kind: reads
every file once, compares it with SHA256SUMS and SHA256SUMS.registry, and names
what is damaged, cut off or missing, with the images that need it. What a server
left here, and what somebody else put here, is told; neither is an error.

  -q, --quiet   prints nothing but what is wrong

Exit code: 0 all is right, 1 something is not, 2 it could not be started.

  sh kit/$program                   after each copy
  sh kit/$program --quiet && sh kit/serve.sh
END
}

quiet=
while [ $# -gt 0 ]; do
  case "$1" in
    -h | --help)
      usage
      exit 0
      ;;
    -q | --quiet) quiet=1 ;;
    --)
      shift
      break
      ;;
    -?*) usage_error "$1 is no option of $program" ;;
    *) break ;;
  esac
  shift
done
[ $# -le 1 ] || usage_error 'one folder is checked at a time'
[ $# -eq 0 ] || bundle=$(cd -- "$1" 2>/dev/null && pwd -P) || refuse "$1 is no folder that can be read"
temporary
cd -- "$bundle" 2>/dev/null || refuse "$bundle cannot be read"
# A join lets go of its own folder when it ends. The sums come last, so before its end the bundle is neither of the two.
joining=
if [ -e .oci-save-update ] || [ -L .oci-save-update ]; then
  joining=yes
  say 'UNFINISHED: an update was cut off here, or is at work.'
  say '  Finish it: run kit/update.sh of the newer bundle again. Then check again.'
  newer=
  [ ! -f .oci-save-update/newer ] || newer=$(head -c 64 .oci-save-update/newer | tr -cd 0-9a-f) || newer=
  if [ ${#newer} -eq 64 ]; then
    say '  The oci-save.lock.json of the newer bundle has the sha256'
    say "  $newer"
  fi
fi
if [ ! -f SHA256SUMS ] || [ -L SHA256SUMS ]; then
  [ -e kit ] || [ -e oci-save.lock.json ] || refuse "$bundle is no folder of this kind" 'Name the one that was unpacked.'
  fail 'SHA256SUMS is missing, so nothing says what belongs here' 'Copy it again from where it came, or unpack the archive again.'
fi
[ -z "$(find SHA256SUMS* oci-save.lock.json kit -size +1048576 2>/dev/null)" ] || fail 'its lists are larger than any bundle has'
sums_hash=$(hash_of SHA256SUMS) && [ -n "$sums_hash" ] || fail 'SHA256SUMS cannot be read'

# A hash in the background, so that a signal need not wait for the end of a large file.
child=
at_signal() { note 'interrupted: not all was checked. Run it again'; }
at_end() { [ -z "$child" ] || kill "$child" 2>/dev/null || :; }

# list OPERATOR…: files below this folder, a line each. A line break in a name becomes another character: names with
# control characters are never ours. Symbolic links are not followed.
list() {
  find . "$@" -print0 2>>"$work/unreadable" | tr '\n\000' '\001\n'
}
: >"$work/unreadable"
list -type f -links +1 >"$work/linked"
list -type f ! -links +1 >"$work/single"
list ! -type f ! -type d >"$work/odd"

# is_whole NAME: whether a file at the top or in kit/ is what SHA256SUMS says. What is not is used for nothing.
is_whole() {
  [ -f "$1" ] && [ ! -L "$1" ] && [ ! -L "${1%/*}" ] && grep -qxF "$(hash_of "$1")  $1" SHA256SUMS
}
# whole NAME: the file, or an empty one in its place.
whole() { if is_whole "$1"; then printf '%s' "./$1"; else printf '%s' /dev/null; fi; }
lock=$(whole oci-save.lock.json)
images=$(whole kit/images.tsv)
manifests=$(whole kit/manifests.tsv)
# Of damaged sums, a line still counts whose digest is that of the blob's name.
registry_sums=/dev/null
[ ! -f SHA256SUMS.registry ] || [ -L SHA256SUMS.registry ] || registry_sums=./SHA256SUMS.registry
by_name=1
! is_whole SHA256SUMS.registry || by_name=

# The sizes of blobs, by their digits.
awk -F '"' '$2 ~ /^sha256:/ && $3 ~ /^: [0-9]+,?$/ { sub(/^: /, "", $3); sub(/,$/, "", $3); print substr($2, 8), $3 }' \
  "$lock" >"$work/sizes"

for one in faults files pool copies links extra missing; do : >"$work/$one"; done

# What has to be hashed, what is missing, and what is here besides. Of the lines in the sums, none is used that leads out of
# this folder. `links` is a script that compares, without a process for each, names with their files in blobs/.
awk -v work="$work" -v by_name="$by_name" '
  function fault(path, why) { print path "\t" why >>(work "/faults") }
  function is_unsafe(path) {
    return path == "" || path ~ /[[:cntrl:]\\]/ || path ~ /^\// || path ~ /\/$/ || path ~ /\/\// || path ~ /(^|\/)\.\.?(\/|$)/
  }
  # The digits in the name of a blob, or nothing.
  function hex_in(path, hex) {
    if (path !~ /(^|\/)blobs\/sha256\/[0-9a-f]+$/) return ""
    hex = path
    sub(/^.*\//, "", hex)
    return length(hex) == 64 ? hex : ""
  }
  function bad_line(why) {
    if (bad[kind]++ == 0) first[kind] = "line " FNR " " why
  }
  function take(path, hex, linked, repository, own) {
    own = hex_in(path)
    if (own == "") print hex "  ./" path >(work "/files")
    else if (path ~ /^blobs\//) print hex "  ./" path >(work "/pool")
    else if (linked && named["blobs/sha256/" hex] && path ~ /^registry\/[A-Za-z0-9._\/-]+$/) {
      repository = substr(path, 1, length(path) - 78)
      if (repository != last) print "r=" repository >(work "/links")
      last = repository
      print "e " hex >(work "/links")
    } else print hex "  ./" path >(work "/copies")
  }
  kind == "SHA256SUMS" || kind == "SHA256SUMS.registry" {
    hex = substr($0, 1, 64)
    path = substr($0, 67)
    if (length(hex) != 64 || hex ~ /[^0-9a-f]/ || substr($0, 65, 2) != "  ") { bad_line("is no sum of a file"); next }
    if (is_unsafe(path)) { bad_line("names a file that no bundle has"); next }
    own = hex_in(path)
    if (kind == "SHA256SUMS.registry" && (own == "" || path !~ /^registry\//)) { bad_line("names what is no blob of a repository"); next }
    if (own != "" && own != hex) { bad_line("has another digest than the name of its blob"); hex = own }
    if (path in want) { bad_line("names a file twice"); next }
    want[path] = hex
    if (kind == "SHA256SUMS") named[path] = 1
    next
  }
  kind == "sizes" { if (!(("blobs/sha256/" $1) in named)) lacks++; next }
  kind == "images" { if ($0 !~ /^#/) { split($0, column, "\t"); repositories["registry/" column[8]] = 1 } next }
  kind == "odd" {
    path = substr($0, 3)
    odd[path] = 1
    if (path in want) { fault(path, "is a symbolic link, or no regular file"); delete want[path] }
    else print path "\todd" >(work "/extra")
    next
  }
  {
    path = substr($0, 3)
    if (path in want) { take(path, want[path], kind == "linked"); delete want[path] }
    else if (by_name && path ~ /^registry\// && hex_in(path) != "" && !is_unsafe(path)) take(path, hex_in(path), kind == "linked")
    else if (path != "SHA256SUMS") print path "\t" >(work "/extra")
  }
  END {
    for (kind in bad) fault(kind, first[kind] (bad[kind] > 1 ? ", and " (bad[kind] - 1) " more lines are wrong" : ""))
    for (path in want) {
      above = path
      why = "is missing"
      while (sub(/\/[^\/]*$/, "", above)) if (above in odd) why = "lies behind a symbolic link"
      # A server takes it away while it scans its folder.
      if (path == "registry/_restore_complete") print path "\t" why >(work "/missing")
      else fault(path, why)
    }
    # The end of the sums may be cut off: other files say what they have to name.
    count = split("README.txt SHA256SUMS.registry index.json kit/lib/common.sh kit/images.tsv kit/manifests.tsv kit/verify.sh manifest.json oci-layout oci-save.lock.json registry/_restore_complete report.html", fixed, " ")
    for (at = 1; at <= count; at++) if (!(fixed[at] in named)) lacks++
    for (path in repositories) lacks += !((path "/index.json") in named) + !((path "/oci-layout") in named)
    if (lacks) fault("SHA256SUMS", "does not name " lacks (lacks == 1 ? " file" : " files") " that the bundle has: it was cut off or changed")
  }
' kind=SHA256SUMS ./SHA256SUMS kind=SHA256SUMS.registry "$registry_sums" kind=sizes "$work/sizes" kind=images "$images" \
  kind=odd "$work/odd" kind=linked "$work/linked" kind=single "$work/single"

# A name of a blob below registry/ that is the same file as the one in blobs/ is as good as that one. Where a file system
# knows no links, no file has a second name, whatever numbers it makes up for them: those are hashed.
e() {
  [ "$r/blobs/sha256/$1" -ef "blobs/sha256/$1" ] 2>/dev/null ||
    printf '%s  ./%s/blobs/sha256/%s\n' "$1" "$r" "$1" >&3
}
count_lines() { echo $(($(wc -l <"$1"))); }
r=
copies=$(count_lines "$work/copies")
{ . "$work/links"; } 3>>"$work/copies"
links=$(($(grep -c '^e ' "$work/links" || :) + copies - $(count_lines "$work/copies")))

# Files are hashed some at a time: after each step it can be told how far it is.
awk -v work="$work" '
  function close_batch() {
    if (count == 0) return
    close(work "/batch." number)
    printf "%d %.0f %d\n", number, bytes, count >(work "/batches")
    number++
    bytes = count = 0
  }
  BEGIN { number = 1; printf "" >(work "/batches") }
  kind == "sizes" { size[$1] = $2; next }
  {
    own = $0
    sub(/^.*\//, "", own)
    if (count == 1000 || (count > 0 && bytes + size[own] > 134217728)) close_batch()
    print >(work "/batch." number)
    bytes += size[own]
    count++
    all += size[own]
    total++
  }
  END {
    close_batch()
    printf "%.0f %d\n", all, total >(work "/total")
  }
' kind=sizes "$work/sizes" kind=lists "$work/files" "$work/pool" "$work/copies"
read -r total_bytes total_files <"$work/total"

# amount BYTES: in the unit that people read.
amount() {
  awk -v bytes="$1" 'BEGIN {
    split("KiB MiB GiB TiB", unit, " ")
    if (bytes < 1024) { print bytes " bytes"; exit }
    for (at = 0; bytes >= 1024 && at < 4; at++) bytes /= 1024
    printf "%.1f %s\n", bytes, unit[at]
  }'
}

# hash_batch FILE: adds what is right to `right`: "./NAME: OK", or "DIGEST  ./NAME".
hash_batch() {
  if has sha256sum; then
    sha256sum -c "$1" >>"$work/right" 2>>"$work/errors" &
  elif has shasum; then
    shasum -a 256 -c "$1" >>"$work/right" 2>>"$work/errors" &
  elif has openssl; then
    cut -c 67- "$1" | tr '\n' '\000' >"$work/names"
    xargs -0 openssl dgst -sha256 <"$work/names" >>"$work/right" 2>>"$work/errors" &
  else
    refuse 'sha256sum, shasum or openssl is needed to check what is here'
  fi
  child=$!
  # It fails where a file is not right, which shows in what it wrote.
  wait "$child" || :
  child=
}

: >"$work/right"
: >"$work/errors"
done_bytes=0
done_files=0
told=0
# Sizes stand in the lock: without it they are not known.
total=
[ "$total_bytes" -eq 0 ] || total=" of $(amount "$total_bytes")"
while read -r number bytes count; do
  hash_batch "$work/batch.$number"
  rm -f "$work/batch.$number"
  done_bytes=$((done_bytes + bytes))
  done_files=$((done_files + count))
  [ -z "$quiet" ] || continue
  if [ "$total_bytes" -gt 0 ]; then percent=$((done_bytes * 100 / total_bytes)); else percent=$((done_files * 100 / total_files)); fi
  if [ -t 2 ]; then
    printf '\rchecked %s of %s, %s %%%s ' "$done_files" "$total_files files" "$percent" "$total" >&2
  elif [ "$percent" -ge $((told + 10)) ]; then
    told=$((percent - percent % 10))
    note "checked $done_files of $total_files files, $percent %$total"
  fi
done <"$work/batches"
[ -n "$quiet" ] || [ ! -t 2 ] || note ''

# What is not right, with its size as it should be and as it is.
awk '
  kind == "right" {
    if (sub(/: OK$/, "")) right[$0] = 1
    else if (match($0, /\)= [0-9a-f]+$/)) {
      hex = substr($0, RSTART + 3)
      name = substr($0, 1, RSTART - 1)
      sub(/^[^(]*\(/, "", name)
      right[hex "  " name] = 1
    }
    next
  }
  !($0 in right) && !(substr($0, 67) in right) { print substr($0, 67) }
' kind=right "$work/right" kind=lists "$work/files" "$work/pool" "$work/copies" >"$work/failed"
tr '\n' '\000' <"$work/failed" >"$work/names"
: >"$work/listed"
[ ! -s "$work/names" ] || xargs -0 ls -lnd <"$work/names" >"$work/listed" 2>/dev/null || :

# The files that a server writes anew are judged by what they mean; the rest is damaged.
awk -v work="$work" '
  kind == "sizes" { size[$1] = $2; next }
  kind == "listed" { at = index($0, " ./"); if (at) { has[substr($0, at + 1)] = $5 } next }
  kind == "errors" {
    at = index($0, "./")
    if (at && match($0, /: [^:]*$/)) {
      name = substr($0, at, RSTART - at)
      gsub(quotes, "", name)
      error[name] = substr($0, RSTART + 2)
    }
    next
  }
  {
    path = substr($0, 3)
    own = path
    sub(/^.*\//, "", own)
    if (path == "registry/_restore_complete") { print path >(work "/mark"); next }
    if (path ~ /^registry\/.*\/(index\.json|oci-layout)$/ && !($0 in error)) { print >(work "/rewritten"); next }
    why = "is damaged: its bytes are not those that were saved"
    if (own in size && $0 in has && size[own] != has[$0]) why = "has " has[$0] " bytes instead of " size[own]
    else if ($0 in error && error[$0] ~ /[a-z]/ && error[$0] !~ /FAILED|did NOT match/) why = "cannot be read: " error[$0]
    print path "\t" why >>(work "/faults")
  }
  BEGIN { quotes = sprintf("[%c\"]", 39); printf "" >(work "/rewritten") }
' kind=sizes "$work/sizes" kind=listed "$work/listed" kind=errors "$work/errors" kind=failed "$work/failed"

# zot writes 0 there where it cannot remove the file, to say that its folder has to be scanned.
[ ! -e "$work/mark" ] || [ "$(head -c 4 registry/_restore_complete | tr -d '\000')" = 0 ] ||
  printf '%s\t%s\n' registry/_restore_complete 'is not what a server writes there' >>"$work/faults"

# A repository that somebody pushed has an index.json, too.
awk -F '\t' '$2 == "" && $1 ~ /^registry\/.*\/index\.json$/ { print "./" $1 }' "$work/extra" >"$work/pushed"

# What each index.json that is not as it was written says: a line for each of its entries, or why it is not an index. It is
# read as JSON, strictly: what could be read in two ways is refused. Each record is what stands between two quotes.
read_indexes() {
  awk -v list="$1" '
    function bad(text) { if (why == "") why = text }
    function token(type, value, now) {
      now = state[depth]
      if (type == "s" && (now == "key" || now == "key0")) {
        if (depth <= 4) name_key(value)
        key[depth] = value
        state[depth] = "colon"
      } else if (type == ":") {
        if (now != "colon") bad("is no JSON")
        state[depth] = "value"
      } else if (type == ",") {
        if (now != "next" || depth == 0) bad("is no JSON")
        state[depth] = opened[depth] == "{" ? "key" : "value"
      } else if (type == "}" || type == "]") {
        if (depth == 0 || opened[depth] != (type == "}" ? "{" : "[") || (now != "next" && now != "key0" && now != "value0")) {
          bad("is no JSON")
          return
        }
        if (type == "}" && is_entry(3)) end_entry()
        depth--
      } else {
        if (now != "value" && now != "value0") bad("is no JSON")
        state[depth] = "next"
        if (type == "{" || type == "[") open_value(type)
        else scalar(type, value)
      }
    }
    # Servers read the names of fields in capitals, too.
    function name_key(value, low) {
      low = "\n" tolower(value) "\n"
      if (value ~ /\\/ || index(keys[depth], low)) bad("cannot be judged: a name in it is written twice, or in an odd way")
      if (index(known, low) && !index(known, "\n" value "\n")) bad("cannot be judged: a name in it is written in capitals")
      keys[depth] = keys[depth] low
    }
    function is_entry(at) {
      return depth == at && opened[1] == "{" && key[1] == "manifests" && opened[2] == "[" && opened[3] == "{"
    }
    function open_value(type) {
      if (depth == 0 && type != "{") bad("is not an index of a layout")
      if (depth == 1 && key[1] == "manifests") { if (type == "[") listed = 1; else bad("is not an index of a layout") }
      if (depth == 2 && key[1] == "manifests" && type != "{") bad("is not an index of a layout")
      if (is_entry(3) && key[3] != "annotations" && index(known, "\n" key[3] "\n")) bad("is not an index of a layout")
      depth++
      if (depth > 60) { bad("is not an index of a layout"); depth = 60 }
      opened[depth] = type
      state[depth] = type == "{" ? "key0" : "value0"
      keys[depth] = "\n"
      if (is_entry(3)) tag = digest = media = size = ""
    }
    function scalar(type, value) {
      if (depth == 0 || (depth == 2 && key[1] == "manifests")) bad("is not an index of a layout")
      if (depth == 1 && key[1] == "schemaVersion") schema = value
      if (depth == 1 && key[1] == "mediaType") top = value
      if (depth == 1 && key[1] == "manifests") { if (type == "l" && value == "null") listed = 1; else bad("is not an index of a layout") }
      if (is_entry(3) && key[3] == "digest") digest = plain(type, value)
      if (is_entry(3) && key[3] == "mediaType") media = plain(type, value)
      if (is_entry(3) && key[3] == "size") size = value
      if (is_entry(4) && opened[4] == "{" && key[3] == "annotations" && key[4] == ref_name) tag = plain(type, value)
    }
    function plain(type, value) {
      if (type != "s" || value ~ /\\/) bad("cannot be judged: a value in it is written in an odd way")
      return value
    }
    function end_entry() {
      if (digest == "") bad("is not an index of a layout")
      else lines[++count] = (tag == "" ? "-" : tag) "\t" digest "\t" (media == "" ? "-" : media) "\t" (size == "" ? "-" : size)
    }
    function outside(text, at, end, c) {
      gsub(/[ \t\r\n]+/, " ", text)
      end = length(text)
      for (at = 1; at <= end; at++) {
        c = substr(text, at, 1)
        if (c ~ /[-+.0-9A-Za-z]/) { literal = literal c; continue }
        end_literal()
        if (c == " ") continue
        if (index("{}[]:,", c)) token(c, "")
        else bad("is no JSON")
      }
      end_literal()
    }
    function end_literal() {
      if (literal == "") return
      if (literal !~ /^(true|false|null|-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?)$/) bad("is no JSON")
      token("l", literal)
      literal = ""
    }
    function inside(text, rest) {
      rest = text
      if (rest ~ /[[:cntrl:]]/) bad("is no JSON")
      if (rest ~ /\\/) {
        gsub(/\\(["\\\/bfnrt]|u[0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f])/, "", rest)
        if (rest ~ /\\/) bad("is no JSON")
      }
      token("s", text)
    }
    function read_file(file, record, quoted, text, at, got) {
      depth = count = listed = quoted = 0
      why = schema = top = literal = text = ""
      state[0] = "value"
      RS = "\""
      while ((got = (getline record <file)) > 0 && why == "") {
        if (!quoted) { outside(record); quoted = 1; text = ""; continue }
        text = text record
        match(record, /\\*$/)
        if (RLENGTH % 2 == 1) { text = text "\""; continue }
        inside(text)
        quoted = 0
      }
      close(file)
      RS = "\n"
      if (got < 0) bad("cannot be read")
      if (depth != 0 || state[0] != "next") bad("is no JSON: it may be cut off")
      if (schema != "2" || !listed || (top != "" && top != "application/vnd.oci.image.index.v1+json")) bad("is not an index of a layout")
      if (why != "") print "wrong\t" file "\t" why
      else {
        print "index\t" file
        for (at = 1; at <= count; at++) print "entry\t" file "\t" lines[at]
      }
    }
    BEGIN {
      ref_name = "org.opencontainers.image.ref.name"
      known = "\nschemaVersion\nmediaType\nmanifests\ndigest\nsize\nannotations\n" ref_name "\n"
      while ((getline file <list) > 0) names[++files] = file
      close(list)
      for (number = 1; number <= files; number++) read_file(names[number])
    }
  '
}
# Some programs read a text up to a zero byte: it is in no JSON.
: >"$work/entries"
if [ -s "$work/rewritten" ] || [ -s "$work/pushed" ]; then
  cat "$work/rewritten" "$work/pushed" | while IFS= read -r file; do
    case "$file" in */oci-layout) continue ;; esac
    if [ "$(($(wc -c <"$file")))" -gt 67108864 ]; then
      printf 'wrong\t%s\t%s\n' "$file" 'is larger than any index' >>"$work/entries"
    elif [ "$(($(tr -cd '\000' <"$file" | wc -c)))" -gt 0 ]; then
      printf 'wrong\t%s\t%s\n' "$file" 'is no JSON' >>"$work/entries"
    else
      printf '%s\n' "$file"
    fi
  done >"$work/indexes"
  read_indexes "$work/indexes" >>"$work/entries"
  grep '/oci-layout$' "$work/rewritten" | while IFS= read -r file; do
    [ "$(head -c 1000 "$file" | tr -d ' \t\r\n')" = '{"imageLayoutVersion":"1.0.0"}' ] ||
      printf '%s\t%s\n' "${file#./}" 'is not that of an OCI layout' >>"$work/faults"
  done
fi

# Each of our tags has to mean what it meant, and each manifest has to be listed: a server finds it there alone. Other tags
# are somebody's.
awk -F '\t' -v work="$work" '
  function repository_of(file) {
    sub(/^\.\/registry\//, "", file)
    sub(/\/index\.json$/, "", file)
    return file
  }
  function fault(repository, why) { print "registry/" repository "/index.json\t" why >>(work "/faults") }
  kind == "manifests" { if ($0 !~ /^#/) { media[$1] = $2; size[$1] = $3 } next }
  kind == "rewritten" { ours[repository_of($0)] = 1; next }
  kind == "images" {
    if ($0 ~ /^#/ || !($8 in ours)) next
    if ($2 != "-" && !(($8, $2) in means)) tags[$8] = tags[$8] " " $2
    means[$8, $2] = $3
    next
  }
  kind == "registry" {
    if (!match($0, /\/blobs\/sha256\/[0-9a-f]+$/)) next
    repository = substr($0, 76, RSTART - 76)
    digest = "sha256:" substr($0, RSTART + 14)
    if (repository in ours && digest in media) { need[repository, digest] = 1; needs[repository] = needs[repository] " " digest }
    next
  }
  { repository = repository_of($2); is_ours = repository in ours }
  $1 == "wrong" {
    if (is_ours) { fault(repository, $3); delete ours[repository] }
    else print repository "\t" $3 >(work "/others")
    next
  }
  $1 == "index" { if (!is_ours) print repository "\t" >(work "/others"); next }
  {
    if (is_ours && $4 in media) {
      listed[repository, $4] = 1
      if ($5 != media[$4] || $6 != size[$4]) wrong[repository] = 1
    }
    if ($3 == "-") {
      if (!is_ours || !(($4 in media) && need[repository, $4])) print repository "@" $4 >(work "/untagged")
    } else if (is_ours && (repository, $3) in means) named[repository, $3] = $4
    else { print repository ":" $3 >(work "/tagged"); print repository >(work "/has_tags") }
  }
  END {
    for (repository in ours) {
      why = ""
      count = split(tags[repository], tag, " ")
      for (at = 1; at <= count && why == ""; at++) {
        if (!((repository, tag[at]) in named)) why = "lacks the tag " tag[at]
        else if (named[repository, tag[at]] != means[repository, tag[at]]) why = "names another image by the tag " tag[at]
      }
      count = split(needs[repository], one, " ")
      for (at = 1; at <= count && why == ""; at++)
        if (!((repository, one[at]) in listed)) why = "does not list " one[at] ", so that it cannot be pulled"
      if (why == "" && repository in wrong) why = "has a wrong size or type of an image"
      if (why != "") fault(repository, why)
    }
  }
  BEGIN { for (at = split("others untagged tagged has_tags", name, " "); at > 0; at--) printf "" >(work "/" name[at]) }
' kind=manifests "$manifests" kind=rewritten "$work/rewritten" kind=images "$images" kind=registry "$registry_sums" \
  kind=entries "$work/entries"
if [ -s "$work/rewritten" ] && { [ "$images" = /dev/null ] || [ "$manifests" = /dev/null ]; }; then
  sed 's|^\./||; s|$|'"$tab"'is not as it was written, and what says what it has to mean is damaged|' "$work/rewritten" >>"$work/faults"
fi

# What could not be read at all: a folder, a worn medium.
awk '{ sub(/^.*find: /, ""); print "(find)\tcannot be read: " $0 }' "$work/unreadable" >>"$work/faults"

# The faults, each with the images that need what is damaged.
sort -u "$work/faults" >"$work/sorted"
# What of the same blobs is whole in another place.
: >"$work/whole"
[ ! -s "$work/sorted" ] || awk -F '\t' '
  kind == "sorted" { if (match($1, /blobs\/sha256\/[0-9a-f]+$/)) bad[substr($1, RSTART + 13)] = 1; next }
  kind == "failed" { failed[$0] = 1; next }
  substr($0, 1, 64) in bad && !(substr($0, 67) in failed)
' kind=sorted "$work/sorted" kind=failed "$work/failed" kind=lists "$work/pool" "$work/copies" >"$work/whole"
awk -F '\t' -v tables="$([ "$images" = /dev/null ] || [ "$manifests" = /dev/null ] || printf 1)" -v work="$work" '
  function shown(text) {
    gsub(/[[:cntrl:]]/, "?", text)
    gsub("\302[\200-\237]|\342\200[\213-\217\250-\256]|\342\201[\240-\257]", "?", text)
    return text
  }
  kind == "manifests" {
    if ($0 ~ /^#/) next
    count = split($4, one, " ")
    for (at = 1; at <= count; at++) if (one[at] != "-") above[one[at]] = above[one[at]] " " $1
    next
  }
  kind == "images" {
    if ($0 ~ /^#/) next
    rows++
    name[rows] = $1 != "-" ? $1 ":" $2 : $2 != "-" ? $8 ":" $2 : $8 "@" $3
    if ($9 == "referrer") name[rows] = name[rows] " (refers to " $10 ")"
    folder[rows] = $8
    kinds[rows] = $9
    at_leaf[$6] = at_leaf[$6] " " rows
    at_config[$5] = at_config[$5] " " rows
    at_top[$3] = at_top[$3] " " rows
    if ($7 != $3) at_top[$7] = at_top[$7] " " rows
    in_folder[$8] = in_folder[$8] " " rows
    next
  }
  function add(list, repository, many, row, at, number) {
    many = split(list, row, " ")
    for (at = 1; at <= many; at++) {
      number = row[at]
      if ((repository == "" || folder[number] == repository) && !(name[number] in seen)) {
        seen[name[number]] = 1
        needed[++found] = name[number]
      }
    }
  }
  # Whatever names a blob needs it, up to the manifest of a platform, which says for which images it was taken.
  function climb(digest, repository, level, many, up, at) {
    if (digest in visited || level > 60) return
    visited[digest] = 1
    if (digest in at_config) add(at_config[digest], repository)
    if (digest in at_leaf) add(at_leaf[digest], repository)
    if (digest in at_top) add(at_top[digest], repository)
    if (digest in at_leaf) return
    many = split(above[digest], up, " ")
    for (at = 1; at <= many; at++) climb(up[at], repository, level + 1)
  }
  kind == "whole" {
    digest = substr($0, 1, 64)
    file = substr($0, 69)
    if (is_plain(file) && !(digest in copy)) copy[digest] = file
    next
  }
  # A path that stands in a command as it is.
  function is_plain(file) { return file ~ /^(registry\/[A-Za-z0-9][A-Za-z0-9._\/-]*\/)?blobs\/sha256\/[0-9a-f]+$/ }
  # One entry for each blob and what is wrong with it, in however many places.
  {
    if ($1 != last) total++
    last = $1
    if ($1 == "(find)") { entry[++entries] = $1; reason[entries] = $2; next }
    digest = ""
    if ($1 ~ /(^|\/)blobs\/sha256\/[0-9a-f]+$/) {
      digest = $1
      sub(/^.*\//, "", digest)
    }
    if (digest != "" && (digest, $2) in entry_of) number = entry_of[digest, $2]
    else {
      number = ++entries
      entry[number] = $1
      reason[number] = $2
      blob[number] = digest
      if (digest != "") entry_of[digest, $2] = number
    }
    place[number, ++places[number]] = $1
  }
  function repository_of(path) {
    if (path !~ /^registry\//) return ""
    path = substr(path, 10)
    sub(/\/(blobs\/sha256\/[^\/]*|index\.json|oci-layout)$/, "", path)
    return path
  }
  function count_affected(at) {
    for (at = 1; at <= found; at++) if (!(needed[at] in all)) { all[needed[at]] = 1; affected++ }
  }
  function tell(number,   path, at, text) {
    split("", seen); split("", needed)
    found = 0
    path = entry[number]
    if (path == "(find)") { print shown(reason[number]); cannot++; return }
    print shown(path) " " shown(reason[number])
    if (places[number] > 1) {
      text = ""
      for (at = 2; at <= places[number] && at <= 6; at++) text = text (at == 2 ? "" : ", ") shown(repository_of(place[number, at]))
      if (places[number] > 6) text = text " and " (places[number] - 6) " more"
      print "  and so in " text
    }
    if (blob[number] != "") {
      for (at = 1; at <= places[number]; at++) {
        split("", visited)
        climb("sha256:" blob[number], repository_of(place[number, at]), 0)
      }
    } else if (path ~ /^(index\.json|manifest\.json|oci-layout)$/) {
      print "  needed by all images where they are loaded from here, or copied with skopeo"
      for (at = 1; at <= rows; at++) if (kinds[at] != "referrer") add(" " at, "")
      count_affected()
      cannot++
      return
    } else if (path ~ /^registry\//) add(in_folder[repository_of(path)], repository_of(path))
    else { cannot++; return }
    if (!tables) print "  which images need it cannot be told: the tables in kit/ are damaged"
    else {
      text = ""
      for (at = 1; at <= found && at <= 10; at++) text = text (at == 1 ? "" : ", ") shown(needed[at])
      count_affected()
      if (found > 10) text = text " and " (found - 10) " more"
      if (found > 0) print "  needed by " text
    }
    if (blob[number] == "" || !(blob[number] in copy) || reason[number] ~ /link/) { cannot++; return }
    for (at = 1; at <= places[number] && at <= 5; at++) mend(copy[blob[number]], place[number, at])
    if (places[number] > 5) print "  and the same for the others"
  }
  function mend(from, to) {
    if (!is_plain(to)) { cannot++; return }
    can++
    print "  mend it: cp " from " " to
  }
  END {
    for (number = 1; number <= entries; number++) tell(number)
    print total + 0, affected + 0, can + 0, cannot + 0 >(work "/verdict")
  }
' kind=manifests "$manifests" kind=images "$images" kind=whole "$work/whole" kind=sorted "$work/sorted"
read -r faults affected can cannot <"$work/verdict"

# What is here besides: a server's own files, and what somebody put here.
if [ -z "$quiet" ]; then
  awk -F '\t' -v joining="$joining" '
    function shown(text) {
      gsub(/[[:cntrl:]]/, "?", text)
      gsub("\302[\200-\237]|\342\200[\213-\217\250-\256]|\342\201[\240-\257]", "?", text)
      return text
    }
    function tell(what, text) {
      if (++count[what] <= 20) print what ": " shown(text)
    }
    function more(what) {
      if (count[what] > 20) print what ": " (count[what] - 20) " more"
    }
    # Of what an update brings, the update is told. What is in the pool besides is told below.
    joining && (kind == "others" || kind == "tagged" || kind == "untagged") { if (kind == "others") other[$1] = 1; next }
    kind == "others" { other[$1] = 1; if ($2 != "") tell(pushed, $1 ", whose index.json " $2); next }
    kind == "tagged" { tell(pushed, $0); next }
    kind == "has_tags" { tagged[$0] = 1; next }
    kind == "untagged" { repository = $0; sub(/@.*/, "", repository); if (!(repository in tagged)) tell(pushed, $0); next }
    kind == "missing" { tell(state, $1 " " $2 ", and is made anew"); next }
    {
      path = $1
      if (path ~ /^\.oci-save-update/ || ($2 == "" && path ~ /^blobs\/sha256\/[0-9a-f]+$/)) next
      if (joining && path ~ /^(kit\/.*|registry\/.*\/(oci-layout|blobs\/sha256\/[0-9a-f]+))$/) next
      if (path ~ /^registry\/(cache\.db|meta\.db|hardlinkcheck\.txt|duphardlinkcheck\.txt)$/ && $2 == "") { tell(state, path); next }
      if (match(path, /^registry\/(_trivy|_sessions)\//) || match(path, /^registry\/.*\/\.(uploads|sync)\//)) {
        folder = substr(path, 1, RLENGTH)
        if (!(folder in once)) tell(state, folder)
        once[folder] = 1
        next
      }
      repository = path
      if (sub(/^registry\//, "", repository) && sub(/\/(index\.json|oci-layout|blobs\/.*)$/, "", repository)) {
        if (repository in other) next
        if (path ~ /\/blobs\/sha256\/[0-9a-f]+$/) {
          if (!(repository in tagged) && blobs[repository]++ == 0) tell(foreign, "blobs in registry/" repository)
          next
        }
      }
      tell(foreign, path ($2 == "odd" ? " (no regular file)" : ""))
    }
    BEGIN {
      pushed = "pushed here, not of this bundle"
      foreign = "not of this bundle"
      state = "left by a server"
    }
    END { more(pushed); more(foreign); more(state) }
  ' kind=others "$work/others" kind=tagged "$work/tagged" kind=has_tags "$work/has_tags" kind=untagged "$work/untagged" \
    kind=missing "$work/missing" kind=extra "$work/extra"
  say "sha256 of SHA256SUMS: $sums_hash"
fi
# Into the pool neither a server nor a push writes: only an update does, and who unpacks.
but=
[ -z "$joining" ] || but=' but for the update'
strays=$(grep -c "^blobs/sha256/[0-9a-f]*$tab\$" "$work/extra" || :)
if [ "$strays" -gt 0 ] && [ -z "$joining" ]; then
  but=' but for that'
  say "WARNING: blobs/ has files of which no list tells ($strays): it looks as if two"
  say '  bundles were unpacked here, one over the other. Tags of the earlier one are'
  say '  lost: unpack it again into a folder of its own, and join them by kit/update.sh'
  say '  of the newer one.'
fi

if [ "$faults" -gt 0 ]; then
  concern=", and concern $affected images"
  [ "$affected" -ne 1 ] || concern=', and concern 1 image'
  [ "$affected" -ne 0 ] || concern=', and concern no image'
  [ "$images" != /dev/null ] || concern=
  say "DAMAGED: $faults of $((total_files + links)) files are not as they were saved$concern."
  if [ -n "$joining" ]; then
    say 'The update has to be finished first, as is told above. What is named then is damaged.'
  elif [ "$cannot" -eq 0 ]; then
    say "Each is whole in another place here. Mend them as it says above, in $bundle; then check again."
  else
    [ "$can" -eq 0 ] || say "Some are whole in another place here: mend those as it says above, in $bundle."
    say 'Copy them again from where they came, or unpack the archive again.'
  fi
  exit 1
fi
[ -n "$quiet" ] || say "All is right$but: $total_files files with $(amount "$total_bytes") were read; $links further names are links to them."
