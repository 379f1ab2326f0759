import { hexOf } from '../oci/digest.ts';
import { joinScriptName, partsListName, sumsName, wholeName } from './archive-name.ts';
import { isSplit, type MeasuredArchive } from './measure.ts';
import { encodeSums, type PartsList } from './parts-list.ts';

/** A small file that says what an archive is. */
export interface Sidecar {
  readonly name: string;
  readonly text: string;
}

/** What belongs beside an archive: the list and the script of its parts where it was cut, and last its sums. */
export function sidecarsOf(archive: MeasuredArchive): Sidecar[] {
  const { name, pieces } = archive;
  const sums = { name: sumsName(name), text: encodeSums(pieces) };
  if (!isSplit(archive)) return [sums];
  const list = partsListOf(archive);
  return [
    { name: partsListName(name), text: `${JSON.stringify(list, null, 2)}\n` },
    { name: joinScriptName(name), text: joinScript(list) },
    sums,
  ];
}

/** The list of a cut archive. The same archive and part size give the same bytes. */
function partsListOf({ name, size, digest, pieces }: MeasuredArchive): PartsList {
  return {
    version: 1,
    archive: { name: wholeName(name), size, digest },
    parts: pieces.map((piece) => ({ name: piece.name, size: piece.size, digest: piece.digest })),
  };
}

/** A word that a POSIX shell reads back unchanged. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * `N.join.sh`: a script for a POSIX shell (dash and busybox included) that joins the parts where there is nothing else.
 * It checks every part first and names each that is missing, cut, damaged or another archive's; the joined file is hashed
 * before it gets its name. Names are in it only as quoted words: in a comment, a line break would start a command.
 */
function joinScript({ archive, parts }: PartsList): string {
  const checks = parts.map(({ name, size, digest }) => `check ${quoted(name)} ${size} ${hexOf(digest)}`);
  const names = parts.map(({ name }) => `./${name}`).map(quoted);
  return `#!/bin/sh
# Joins ${parts.length} parts: sh THIS-SCRIPT [FILE]
# FILE is the name of what they are joined to, and - is standard output; without it, the archive stands beside the parts.
set -eu

archive=${quoted(archive.name)}
archive_size=${archive.size}
archive_sha256=${hexOf(archive.digest)}

fail() {
  printf '%s\\n' "$*" >&2
  exit 1
}

if command -v sha256sum >/dev/null 2>&1; then
  hash_of() { sha256sum | cut -c 1-64; }
elif command -v shasum >/dev/null 2>&1; then
  hash_of() { shasum -a 256 | cut -c 1-64; }
elif command -v openssl >/dev/null 2>&1; then
  hash_of() { openssl dgst -sha256 | sed 's/.*= *//'; }
else
  fail 'sha256sum, shasum or openssl is needed to check the parts'
fi

case "\${1-}" in
  '') target= ;;
  -) target=- ;;
  /*) target=$1 ;;
  *) target=$(pwd)/$1 ;;
esac
case "$0" in
  */*) cd "\${0%/*}/" ;;
esac
[ -n "$target" ] || target=$(pwd)/$archive

faults=0
fault() {
  printf '%s\\n' "$*" >&2
  faults=$((faults + 1))
}

# check NAME SIZE SHA256
check() {
  if [ ! -f "./$1" ]; then
    fault "$1 is missing"
    return
  fi
  if [ "$(hash_of <"./$1")" = "$3" ]; then
    return
  fi
  has=$(($(wc -c <"./$1")))
  if [ "$has" -ne "$2" ]; then
    fault "$1 has $has bytes instead of $2: it was cut on the way, or is of another archive"
  else
    fault "$1 is damaged, or of another archive"
  fi
}

${checks.join('\n')}

[ "$faults" -eq 0 ] || fail "$faults of ${parts.length} parts cannot be used; nothing was joined"

for other in "./$archive".[0-9][0-9][0-9]; do
  case "$other" in
    ${names.join(' | ')}) ;;
    *) [ ! -e "$other" ] || printf '%s\\n' "$other is no part of this archive; it is left out" >&2 ;;
  esac
done

join() {
  cat -- ${names.join(' ')}
}

if [ "$target" = - ]; then
  join
  exit
fi

unfinished=$target.unfinished
trap 'rm -f "$unfinished"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
join >"$unfinished" || fail "$target could not be written"
[ "$(hash_of <"$unfinished")" = "$archive_sha256" ] || fail "$target would not be what was saved: it was damaged while it was joined"
mv -f "$unfinished" "$target"
printf '%s\\n' "$target: $archive_size bytes, sha256 $archive_sha256" >&2
`;
}
