# What the scripts of this folder share. They begin with:
#   case "$0" in */*) kit=${0%/*} ;; *) kit=. ;; esac
#   . "$kit/lib/common.sh"
# It sets `kit` and `bundle`, the absolute paths of this folder and of the bundle that it belongs to.
set -eu
LC_ALL=C
export LC_ALL
# Programs take options from these, besides those that they are given.
unset CDPATH TAR_OPTIONS GREP_OPTIONS POSIXLY_CORRECT BLOCK_SIZE

# at_end: what a script does when it ends, before the temporary folder goes. Scripts may define their own.
at_end() { :; }
# at_signal: what a script tells when HUP, INT or TERM ends it: a line that begins with "interrupted", and what to do. Scripts
# may define their own.
at_signal() { note 'interrupted'; }
work=
end() {
  status=$?
  trap - EXIT
  at_end
  [ -z "$work" ] || rm -rf "$work"
  exit "$status"
}
# signalled STATUS
signalled() {
  trap '' HUP INT TERM PIPE
  at_signal || :
  exit "$1"
}
trap end EXIT
trap 'signalled 129' HUP
trap 'signalled 130' INT
trap 'signalled 143' TERM
# Whoever read the output has gone, as `head` does: that is no matter to tell.
trap 'exit 141' PIPE

tab=$(printf '\t')
program=${0##*/}
kit=$(cd -- "$kit" && pwd -P)
bundle=${kit%/*}
[ -n "$bundle" ] || bundle=/

# say TEXT…: a line of the result. What a shell tells of an output that cannot be written is no sentence.
say() { printf '%s\n' "$*" 2>/dev/null || unsaid; }
unsaid() { fail 'the output cannot be written'; }
# note TEXT…: lines for whoever watches. A terminal would act upon control characters in the names of files.
note() {
  case $* in
    *[[:cntrl:]]*) printf '%s\n' "$*" | LC_ALL=C tr '\001-\011\013-\037\177' '?' >&2 ;;
    *) printf '%s\n' "$*" >&2 ;;
  esac
}

# fail MESSAGE [WHAT-TO-DO]: the job failed.
fail() {
  note "error: $1"
  [ $# -lt 2 ] || note "  $2"
  exit 1
}

# refuse MESSAGE [WHAT-TO-DO]: nothing was started.
refuse() {
  note "error: $1"
  [ $# -lt 2 ] || note "  $2"
  exit 2
}

# word_of TEXT: as one word of a shell's line.
word_of() {
  case $1 in
    *[!A-Za-z0-9_./:-]*) printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")" ;;
    *) printf '%s' "$1" ;;
  esac
}

# usage_error MESSAGE: it was called in a wrong way.
usage_error() { refuse "$1" "sh kit/$program --help tells how it is used"; }

# has PROGRAM: whether this machine has it.
has() { command -v "$1" >/dev/null 2>&1; }

# matches TEXT EXPRESSION: whether the whole text is one line that an extended expression describes.
matches() {
  case $1 in *"
"*) return 1 ;; esac
  printf '%s\n' "$1" | grep -Eq "^($2)\$"
}
component='[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*'
label='[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?'
host_form="($label(\.$label)*|\[[0-9a-fA-F:.]+\])(:[0-9]+)?"

# read_address HOST[:PORT][/PREFIX] HINT: a registry and a path there, into `address` and `prefix`.
read_address() {
  case $1 in *://*) refuse 'the address is written without http:// or https://' "$2" ;; esac
  address=${1%%/*}
  prefix=${1#"$address"}
  prefix=${prefix#/}
  prefix=${prefix%/}
  matches "$address" "$host_form" || usage_error 'the address is not HOST[:PORT][/PREFIX]'
  case ${address##*\]} in
    *:??????*) port=0 ;;
    *:*) port=${address##*:} ;;
    *) port=1 ;;
  esac
  { [ "$port" -ge 1 ] && [ "$port" -le 65535 ]; } || usage_error 'the port of the address is not one of 1 to 65535'
  [ -z "$prefix" ] || matches "$prefix" "$component(/$component)*" ||
    usage_error 'the prefix is not the path of a registry: lower case and digits, with single . _ - / between them'
  # As names have it: without capitals where it has a dot or a port.
  case $address in *[.:]*) address=$(printf '%s' "$address" | tr A-Z a-z) ;; esac
}

# check_authority FILE: refuses what is not the certificate of an authority, in PEM.
check_authority() {
  { [ -f "$1" ] && [ -r "$1" ]; } || refuse "$1 is not a file that can be read"
  [ "$(wc -c <"$1")" -le 1048576 ] || refuse "$1 is too large for certificates"
  grep -q -e '-----BEGIN CERTIFICATE-----' <"$1" || refuse "$1 has no certificate in PEM" \
    'For one in DER: openssl x509 -inform der -in FILE -out ca.crt'
  if grep -q 'PRIVATE KEY' <"$1"; then
    refuse "$1 has a private key, which stays where the registry is" 'Name a file that has the certificate alone'
  fi
}

# hash_input: the sha256 of standard input, in hexadecimal digits.
if has sha256sum; then
  hash_input() { sha256sum | { IFS=' ' read -r hashed _ || hashed=; printf '%s\n' "$hashed"; }; }
elif has shasum; then
  hash_input() { shasum -a 256 | cut -c 1-64; }
elif has openssl; then
  hash_input() { openssl dgst -sha256 | sed 's/.*= *//'; }
else
  hash_input() { refuse 'sha256sum, shasum or openssl is needed to check what is here'; }
fi
# hash_of FILE
hash_of() { hash_input <"$1"; }
# hashes_of LIST: of the files that a list names, one a line: "DIGEST  NAME". What cannot be read has no line.
hashes_of() {
  if has sha256sum; then
    tr '\n' '\000' <"$1" | xargs -0 sha256sum
  else
    while IFS= read -r hashed_file; do printf '%s  %s\n' "$(hash_of "$hashed_file")" "$hashed_file"; done <"$1"
  fi
}

# temporary: makes a private folder, `$work`, that goes when the script ends.
temporary() {
  [ -z "$work" ] || return 0
  work=$(mktemp -d "${TMPDIR:-/tmp}/oci-save.XXXXXX" 2>/dev/null) ||
    refuse "no temporary folder can be made in ${TMPDIR:-/tmp}" 'Name another one: TMPDIR=FOLDER'
  work=$(cd -- "$work" && pwd -P)
  plain_path "$work"
  # On a full disk lists would be cut off, and a whole bundle be called damaged.
  head -c 1048576 /dev/zero 2>/dev/null >"$work/room" ||
    refuse "${TMPDIR:-/tmp} has not 1 MiB free for temporary files" 'Free space there, or name another folder: TMPDIR=FOLDER'
  rm -f "$work/room"
}
# plain_path PATH: refuses what awk would read as another path.
plain_path() {
  case $1 in *\\* | *[[:cntrl:]]*) refuse 'a path has a backslash, a line break or another control character in it' "It is $1" ;; esac
}
# check_tables: refuses tables that are not those of SHA256SUMS: of a name with one wrong letter nothing else would tell.
check_tables() {
  if [ ! -f "$bundle/SHA256SUMS" ]; then
    note 'note: SHA256SUMS is not here: that the names and digests in kit/ are those that were saved was not checked'
    return 0
  fi
  for table in kit/images.tsv kit/manifests.tsv; do
    sum=$(hash_of "$bundle/$table") || exit 2
    grep -Fqx -e "$sum  $table" "$bundle/SHA256SUMS" ||
      refuse "$table is not what SHA256SUMS says" 'The bundle is damaged: sh kit/verify.sh'
  done
}
