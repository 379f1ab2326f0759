import { hexOf } from '../../oci/digest.ts';
import type { PartsList } from '../parts-list.ts';

/** A word that a POSIX shell reads back unchanged. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * `N.join.sh`: a script for a POSIX shell (dash and busybox included) that joins the parts where there is nothing else.
 * It checks every part first and names each that is missing, cut, damaged or another archive's; the joined file is hashed
 * before it gets its name, and takes the place of no other file. Names are in it only as quoted words: in a comment, a line
 * break would start a command.
 */
export function shellScript({ archive, parts }: PartsList): string {
  const checks = parts.map(({ name, size, digest }) => `check ${quoted(name)} ${size} ${hexOf(digest)}`);
  const names = parts.map(({ name }) => `./${name}`).map(quoted);
  return `#!/bin/sh
# Joins ${parts.length} parts: sh THIS-SCRIPT [FILE]
# FILE is what they are joined to, or a folder for it, and - is standard output; without it, the archive stands beside the
# parts. An archive that is there already is checked, any other file of that name is left alone.
set -eu
LC_ALL=C
export LC_ALL

archive=${quoted(archive.name)}
archive_size=${archive.size}
archive_sha256=${hexOf(archive.digest)}

say() {
  printf '%s\\n' "$*" >&2
}

fail() {
  say "$*"
  exit 1
}

# quoted WORD: as it is typed.
quoted() {
  case "$1" in
    *[!A-Za-z0-9/._-]*) printf "'%s'" "$(printf '%s\\n' "$1" | sed "s/'/'\\\\\\\\''/g")" ;;
    *) printf '%s' "$1" ;;
  esac
}

# next_steps ARCHIVE: what comes after this.
next_steps() {
  cat <<END
Then unpack it into a new folder, where README.txt tells what comes next:
  mkdir images && tar -xf $(quoted "$1") -C images
END
}

case "$#-\${1-}" in
  0-) target= ;;
  1--h | 1---help)
    cat <<END
Usage: sh THIS-SCRIPT [FILE | FOLDER | -]

Checks the ${parts.length} parts that stand beside it, and joins them.

  FILE     what they are joined to
  FOLDER   where the archive goes; without it, beside the parts
  -        standard output

The archive has $archive_size bytes; there has to be that much room.
END
    next_steps "$archive"
    exit
    ;;
  1- | 1--?*)
    say 'Usage: sh THIS-SCRIPT [FILE], sh THIS-SCRIPT FOLDER, or sh THIS-SCRIPT - for standard output'
    say 'A file whose name begins with - is named ./-NAME.'
    exit 2
    ;;
  1--) target=- ;;
  1-/*) target=$1 ;;
  1-*) target=$(pwd)/$1 ;;
  *)
    say 'Name one file: parts are joined to one.'
    exit 2
    ;;
esac

if command -v sha256sum >/dev/null 2>&1; then
  hash_of() { sha256sum | cut -c 1-64; }
elif command -v shasum >/dev/null 2>&1; then
  hash_of() { shasum -a 256 | cut -c 1-64; }
elif command -v openssl >/dev/null 2>&1; then
  hash_of() { openssl dgst -sha256 | sed 's/.*= *//'; }
else
  fail 'sha256sum, shasum or openssl is needed to check the parts'
fi

case "$0" in
  */*) CDPATH='' cd -- "\${0%/*}/" ;;
esac
[ -n "$target" ] || target=$(pwd)/$archive
if [ "$target" != - ] && [ -d "$target" ]; then target=\${target%/}/$archive; fi

if [ "$target" = - ]; then
  :
elif [ -f "$target" ] && { [ "$(wc -c <"$target")" -eq "$archive_size" ] && [ "$(hash_of <"$target")" = "$archive_sha256" ]; } 2>/dev/null; then
  say "$target is there already, and is the whole archive"
  say "$(next_steps "$target")"
  exit
elif [ -e "$target" ] || [ -L "$target" ]; then
  fail "$target is there already, and is not this archive: move it away, or name another file. Nothing was joined"
elif [ ! -d "\${target%/*}/" ]; then
  fail "\${target%/*} is no folder. Nothing was joined"
fi

faults=0
fault() {
  say "$*"
  faults=$((faults + 1))
}

# check NAME SIZE SHA256
check() {
  if [ ! -f "./$1" ]; then
    fault "$1 is missing: copy it here"
  elif ! { has=$(wc -c <"./$1") && sum=$(hash_of <"./$1") && [ -n "$sum" ]; } 2>/dev/null; then
    fault "$1 cannot be read: copy it again"
  elif [ "$has" -ne "$2" ]; then
    fault "$1 has $((has)) bytes instead of $2: it was cut on the way, or is of another archive: copy it again"
  elif [ "$sum" != "$3" ]; then
    fault "$1 is damaged, or of another archive: copy it again"
  fi
}

${checks.join('\n')}

[ "$faults" -eq 0 ] || fail "$faults of ${parts.length} parts cannot be used; nothing was joined"

for other in "./$archive".[0-9][0-9][0-9]; do
  case "$other" in
    ${names.join(' | ')}) ;;
    *) [ ! -e "$other" ] || say "$other is no part of this archive; it is left out" ;;
  esac
done

join() {
  cat -- ${names.join(' ')}
}

if [ "$target" = - ]; then
  join 2>/dev/null || fail 'The archive was not written to its end: what reads it ended, or has no room for it'
  exit
fi

unfinished=$target.unfinished
# Another run may be writing it, and somebody's link of that name may lead anywhere.
if [ -e "$unfinished" ] || [ -L "$unfinished" ]; then
  fail "$unfinished is there already: where no other run is writing it, remove it. Nothing was joined"
fi
no_room="$target could not be written: $archive_size bytes are needed in a folder that may be written to
Where there is no room for both, it can be unpacked while it is joined:
  mkdir images && sh $(quoted "$0") - | tar -xf - -C images && cat images/README.txt"
(set -C && : >"$unfinished") 2>/dev/null || fail "$no_room"
trap 'rm -f "$unfinished"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
join 2>/dev/null >"$unfinished" || fail "$no_room"
[ "$(hash_of <"$unfinished")" = "$archive_sha256" ] || fail "$target would not be what was saved: it was damaged while it was joined"
mv "$unfinished" "$target"
say "$target: $archive_size bytes, sha256 $archive_sha256"
say "$(next_steps "$target")"
`;
}
