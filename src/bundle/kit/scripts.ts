// Made by `node scripts/kit-scripts.ts` from the files in scripts/: do not edit.
/** The scripts of the kit by their paths in it. */
export const SCRIPTS: Readonly<Record<string, string>> = {
  'lib/common.sh': `# What the scripts of this folder share. They begin with:
#   case "$0" in */*) kit=\${0%/*} ;; *) kit=. ;; esac
#   . "$kit/lib/common.sh"
# It sets \`kit\` and \`bundle\`, the absolute paths of this folder and of the bundle that it belongs to.
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
# Whoever read the output has gone, as \`head\` does: that is no matter to tell.
trap 'exit 141' PIPE

tab=$(printf '\\t')
program=\${0##*/}
kit=$(cd -- "$kit" && pwd -P)
bundle=\${kit%/*}
[ -n "$bundle" ] || bundle=/

# say TEXT…: a line of the result. What a shell tells of an output that cannot be written is no sentence.
say() { printf '%s\\n' "$*" 2>/dev/null || unsaid; }
unsaid() { fail 'the output cannot be written'; }
# note TEXT…: lines for whoever watches. A terminal would act upon control characters in the names of files.
note() {
  case $* in
    *[[:cntrl:]]*) printf '%s\\n' "$*" | LC_ALL=C tr '\\001-\\011\\013-\\037\\177' '?' >&2 ;;
    *) printf '%s\\n' "$*" >&2 ;;
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
    *[!A-Za-z0-9_./:-]*) printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\\\\\''/g")" ;;
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
  printf '%s\\n' "$1" | grep -Eq "^($2)\\$"
}
component='[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*'
label='[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?'
host_form="($label(\\.$label)*|\\[[0-9a-fA-F:.]+\\])(:[0-9]+)?"

# read_address HOST[:PORT][/PREFIX] HINT: a registry and a path there, into \`address\` and \`prefix\`.
read_address() {
  case $1 in *://*) refuse 'the address is written without http:// or https://' "$2" ;; esac
  address=\${1%%/*}
  prefix=\${1#"$address"}
  prefix=\${prefix#/}
  prefix=\${prefix%/}
  matches "$address" "$host_form" || usage_error 'the address is not HOST[:PORT][/PREFIX]'
  case \${address##*\\]} in
    *:??????*) port=0 ;;
    *:*) port=\${address##*:} ;;
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
  grep -q -e '-----BEGIN CERTIFICATE-----' <"$1" || refuse "$1 has no certificate in PEM" \\
    'For one in DER: openssl x509 -inform der -in FILE -out ca.crt'
  if grep -q 'PRIVATE KEY' <"$1"; then
    refuse "$1 has a private key, which stays where the registry is" 'Name a file that has the certificate alone'
  fi
}

# hash_input: the sha256 of standard input, in hexadecimal digits.
if has sha256sum; then
  hash_input() { sha256sum | { IFS=' ' read -r hashed _ || hashed=; printf '%s\\n' "$hashed"; }; }
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
    tr '\\n' '\\000' <"$1" | xargs -0 sha256sum
  else
    while IFS= read -r hashed_file; do printf '%s  %s\\n' "$(hash_of "$hashed_file")" "$hashed_file"; done <"$1"
  fi
}

# temporary: makes a private folder, \`$work\`, that goes when the script ends.
temporary() {
  [ -z "$work" ] || return 0
  work=$(mktemp -d "\${TMPDIR:-/tmp}/oci-save.XXXXXX" 2>/dev/null) ||
    refuse "no temporary folder can be made in \${TMPDIR:-/tmp}" 'Name another one: TMPDIR=FOLDER'
  work=$(cd -- "$work" && pwd -P)
  plain_path "$work"
  # On a full disk lists would be cut off, and a whole bundle be called damaged.
  head -c 1048576 /dev/zero 2>/dev/null >"$work/room" ||
    refuse "\${TMPDIR:-/tmp} has not 1 MiB free for temporary files" 'Free space there, or name another folder: TMPDIR=FOLDER'
  rm -f "$work/room"
}
# plain_path PATH: refuses what awk would read as another path.
plain_path() {
  case $1 in *\\\\* | *[[:cntrl:]]*) refuse 'a path has a backslash, a line break or another control character in it' "It is $1" ;; esac
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
`,
  'lib/join.awk': `# The lock and the tables of two bundles over one pool, for update.sh. It does what \`oci-save unpack --join\` does: the
# newer bundle has a stored name that both have, and what the older one had there stays by its digest.
#   awk -f join.awk -v older=SITE -v newer=BUNDLE -v out=FOLDER
# Reads oci-save.lock.json, kit/images.tsv and kit/manifests.tsv of both. Writes into FOLDER:
#   lock.json images.tsv manifests.tsv index.json manifest.json   files of the joined bundle
#   older.again newer.again   the two locks as they were understood: where one differs, it is not in the form of a save
#   layout.N, layouts         index.json of each repository: N, repository
#   links                     what each repository has: hex digits of a blob, repository
#   blobs, blobs.older        what the pool has: hex digits, size
#   tags.joined, tags.older   what tags mean: repository, tag, digest
#   counts                    how many images have a platform, how many have none, how many referrers there are
#   added, moved              names that are new, and what stays by its digest: for people
#   fault                     why nothing of this can be done
# Locks are read by the fixed form in which they are written. What is not of that form ends it.

function fault(text) { print text > (out "/fault"); close(out "/fault"); failed = 1; exit 3 }
function odd(side) { fault("the lock of the " side " bundle is not in the form in which oci-save writes it") }

# The text between the last two quotes of a line.
function value(line) { sub(/",?$/, "", line); sub(/^.*"/, "", line); return line }
function is_digest(text) { return length(text) == 71 && substr(text, 1, 7) == "sha256:" && substr(text, 8) !~ /[^0-9a-f]/ }
function hex(digest) { return substr(digest, 8) }
function digest_tag(digest) { return "digest-" substr(digest, 8, 12) }
function join_path(a, b) { return a "/" b }

# sort_list(LIST, COUNT): sorts texts, the same one keeps its order where keys end in a number of fixed length.
function sort_list(list, count,    gap, i, j, one) {
  for (gap = int(count / 2); gap > 0; gap = int(gap / 2))
    for (i = gap + 1; i <= count; i++) {
      one = list[i]
      for (j = i - gap; j > 0 && (list[j] "") > (one ""); j -= gap) list[j + gap] = list[j]
      list[j + gap] = one
    }
}

# ---- names ----
function tag_of(stored,    n, parts) { n = split(stored, parts, ":"); return parts[n] }
function name_of(stored) { return substr(stored, 1, length(stored) - length(tag_of(stored)) - 1) }
# The folder of a stored name: src/lock/names.ts, repositoryPath.
function folder_of(stored,    name, slash, host, rest, port) {
  if (stored in folders) return folders[stored]
  name = name_of(stored)
  slash = index(name, "/")
  host = slash ? substr(name, 1, slash - 1) : ""
  rest = slash ? substr(name, slash) : name
  if (host ~ /^\\[.*\\]/) {
    port = host
    sub(/^.*\\]:?/, "", port)
    sub(/\\].*$/, "", host)
    host = tolower(substr(host, 2))
    sub(/^:/, "0:", host)
    sub(/:$/, ":0", host)
    gsub(/:/, "-", host)
    host = "ipv6-" host (port == "" ? "" : "_" port)
  } else {
    host = tolower(host)
    sub(/:/, "_", host)
  }
  folders[stored] = host rest
  check_folder(host rest)
  return host rest
}
# Names of folders come from a lock, which anybody may have written.
function check_folder(folder,    n, i, parts) {
  n = split(folder, parts, "/")
  for (i = 1; i <= n; i++)
    if (parts[i] !~ /^[a-z0-9][a-z0-9._-]*$/ || parts[i] ~ /[._-]$/ || parts[i] ~ /blobs$/ || parts[i] == "index.json" || parts[i] == "oci-layout")
      fault("a lock has a name that no bundle has: " folder)
}
function place_of(stored) { return folder_of(stored) ":" tag_of(stored) }
function has_host(name,    first) {
  if (!index(name, "/")) return 0
  first = substr(name, 1, index(name, "/") - 1)
  return first ~ /[.:A-Z]/ || first == "localhost" || first ~ /^\\[/
}
# The name under which runtimes look for an image; empty where that is for a registry alone.
function root_name(id, stored,    j) {
  if (has_host(stored)) return stored
  for (j = 1; j <= nn[id]; j++) if (has_host(nm[id, j])) return ""
  return "docker.io/" (index(stored, "/") ? "" : "library/") stored
}

# ---- reading ----
function read_lock(file, side,    line, state, i, k, key, order, last, status) {
  state = "start"
  order = " ref names source digest mediaType root rootMediaType converted imageId diffIds index format platforms leaves referrers "
  while ((status = (getline line < file)) > 0) {
    if (state == "start") {
      if (line == "  \\"images\\": [") state = "images"
      else if (line == "  \\"images\\": [],") state = "files"
      else if (line != "{" && line != "  \\"version\\": 1,") odd(side)
    } else if (state == "images") {
      if (line == "    {") { i = ++count; base[i] = i; ids[side, ++size_of[side]] = i; state = "image"; last = 0; nn[i] = nl[i] = nr[i] = 0 }
      else if (line == "  ],") state = "files"
      else odd(side)
    } else if (state == "image") {
      if (line == "    }" || line == "    },") { finish(i, side); state = "images"; continue }
      key = line
      if (key !~ /^      "[A-Za-z]+": ["{[]/) odd(side)
      sub(/^      "/, "", key)
      sub(/".*$/, "", key)
      if (index(order, " " key " ") <= last) odd(side)
      last = index(order, " " key " ")
      if (key == "names") { if (line != "      \\"names\\": [") odd(side); state = "names" }
      else if (key == "referrers") state = line ~ /\\[$/ ? "referrers" : "image"
      else if (key == "ref") ref[i] = value(line)
      else {
        body[i] = body[i] line "\\n"
        if (key == "source") source[i] = value(line)
        else if (key == "digest") own[i] = value(line)
        else if (key == "root") root[i] = value(line)
        else if (key == "index") narrow[i] = value(line)
        if (line ~ /\\[$/ || line ~ /\\{$/) state = key
      }
    } else if (state == "names") {
      if (line ~ /^        "/) nm[i, ++nn[i]] = value(line)
      else if (line == "      ],") state = "image"
      else odd(side)
    } else if (state == "referrers") {
      if (line == "        {") nr[i]++
      else if (line ~ /^          "[A-Za-z]+": "/) {
        key = line
        sub(/^          "/, "", key)
        sub(/".*$/, "", key)
        rf[i, nr[i], key] = value(line)
      } else if (line == "      ]") state = "image"
      else if (line != "        }" && line != "        },") odd(side)
    } else if (state == "files") {
      # Plain files that travel along are nothing that this script knows.
      if (line != "  \\"files\\": [],") odd(side)
      state = "before blobs"
    } else if (state == "before blobs") {
      if (line == "  \\"blobs\\": {") state = "blobs"
      else if (line == "  \\"blobs\\": {}") state = "end"
      else odd(side)
    } else if (state == "blobs") {
      if (line == "  }") { state = "end"; continue }
      key = line
      sub(/^    "/, "", key)
      sub(/": [0-9]+,?$/, "", key)
      if (!is_digest(key)) odd(side)
      sub(/^.*": /, "", line)
      sub(/,$/, "", line)
      blob[side, ++blobs[side]] = key
      bytes[side, key] = line
    } else if (state == "end") {
      if (line != "}") odd(side)
      state = "done"
    } else if (state == "done") odd(side)
    else {
      # Inside of converted, diffIds, platforms or leaves.
      body[i] = body[i] line "\\n"
      if (line ~ /^      []}],$/) state = "image"
      else if (state == "converted") { key = line; sub(/^        "/, "", key); sub(/".*$/, "", key); new_of[i, key] = value(line) }
      else if (state == "leaves") {
        if (line == "        {") { k = ++nl[i]; layers[i, k] = "" }
        else if (line ~ /^            "/) layers[i, k] = layers[i, k] " " value(line)
        else if (line ~ /^          "[A-Za-z]+": "/) {
          key = line
          sub(/^          "/, "", key)
          sub(/".*$/, "", key)
          leaf[i, k, key] = value(line)
        }
      }
    }
  }
  close(file)
  if (status < 0 || state != "done") odd(side)
}

function finish(i, side,    j, k) {
  for (j = 1; j <= nn[i]; j++) if (nm[i, j] !~ /^[][A-Za-z0-9._:\\/-]+$/ || nm[i, j] !~ /:/) odd(side)
  if (!nn[i] || !is_digest(own[i]) || !is_digest(root[i])) odd(side)
  for (k = 1; k <= nl[i]; k++) {
    if (!is_digest(leaf[i, k, "digest"]) || !is_digest(leaf[i, k, "config"])) odd(side)
    if (((i, k, "platform") in leaf) && leaf[i, k, "platform"] !~ /^[A-Za-z0-9_.\\/:+~-]+$/) odd(side)
  }
  for (k = 1; k <= nr[i]; k++) if (!is_digest(rf[i, k, "digest"]) || !is_digest(rf[i, k, "subject"])) odd(side)
  tagged[i] = narrow[i] == "narrow" ? root[i] : ((i, own[i]) in new_of) ? new_of[i, own[i]] : own[i]
}

function read_tables(folder, side,    line, parts, file, status) {
  file = folder "/kit/manifests.tsv"
  while ((status = (getline line < file)) > 0) {
    if (line ~ /^#/) continue
    if (split(line, parts, "\\t") != 4 || !is_digest(parts[1]) || parts[2] !~ /^[A-Za-z0-9.+\\/_-]+$/ || parts[3] !~ /^[0-9]+$/ || parts[4] ~ /[^-a-f0-9sh: ]/) fault(file " is not the table of a kit")
    if (!((side, parts[1]) in bytes)) continue
    if (parts[1] in type) {
      if (content[parts[1]] != parts[4]) join_content(parts[1], parts[4])
    } else {
      type[parts[1]] = parts[2]
      length_of[parts[1]] = parts[3]
      content[parts[1]] = parts[4]
    }
  }
  close(file)
  if (status < 0) fault(file " cannot be read")
  file = folder "/kit/images.tsv"
  while ((status = (getline line < file)) > 0) {
    split(line, parts, "\\t")
    if (parts[9] == "opaque") opaque[parts[6]] = 1
  }
  close(file)
  if (status < 0) fault(file " cannot be read")
}

# Each of two bundles has other platforms of an index: both, in the order of the index itself.
function join_content(digest, more,    known, n, i, parts, text, at, one, joined) {
  n = split(content[digest] " " more, parts, " ")
  for (i = 1; i <= n; i++) known[parts[i]] = 1
  text = read_blob(digest)
  joined = ""
  while (match(text, /"digest"[ \\t\\n\\r]*:[ \\t\\n\\r]*"sha256:[0-9a-f]+"/)) {
    one = substr(text, RSTART, RLENGTH - 1)
    text = substr(text, RSTART + RLENGTH)
    sub(/^.*"/, "", one)
    if (is_digest(one) && one in known) joined = joined " " one
  }
  content[digest] = substr(joined, 2)
}

function read_blob(digest,    file, line, text) {
  text = ""
  file = newer "/blobs/sha256/" hex(digest)
  while ((getline line < file) > 0) text = text line "\\n"
  close(file)
  if (text != "") return text
  file = older "/blobs/sha256/" hex(digest)
  while ((getline line < file) > 0) text = text line "\\n"
  close(file)
  return text
}

# ---- joining: src/lock/merge-locks.ts ----
function referrers_text(id, stripped,    b, m, text, tag) {
  b = base[id]
  if (!nr[b]) return "      \\"referrers\\": []\\n"
  text = "      \\"referrers\\": [\\n"
  for (m = 1; m <= nr[b]; m++) {
    tag = ((b, m, "tag") in rf) && !(stripped && ((id, m) in strip))
    text = text "        {\\n          \\"digest\\": \\"" rf[b, m, "digest"] "\\",\\n          \\"mediaType\\": \\"" rf[b, m, "mediaType"] "\\",\\n"
    if ((b, m, "artifactType") in rf) text = text "          \\"artifactType\\": \\"" rf[b, m, "artifactType"] "\\",\\n"
    text = text "          \\"subject\\": \\"" rf[b, m, "subject"] "\\"" (tag ? ",\\n          \\"tag\\": \\"" rf[b, m, "tag"] "\\"" : "") "\\n"
    text = text "        }" (m < nr[b] ? "," : "") "\\n"
  }
  return text "      ]\\n"
}
function content_at(stored, id, stripped,    b, k, text) {
  b = base[id]
  text = folder_of(stored) " " tagged[b] " " root[b]
  for (k = 1; k <= nl[b]; k++) text = text " " leaf[b, k, "digest"]
  return text " " referrers_text(id, stripped)
}
function hold(stored, id) {
  held[place_of(stored)] = 1
  present[content_at(stored, id, 1)] = 1
}
# Where a referrer has a tag; asking for a field that is not there would make it.
function sign_place(stored, i, m) { return ((i, m, "tag") in rf) ? folder_of(stored) ":" rf[i, m, "tag"] : "" }
function is_taken(place, digest) { return (place in held) || ((place in sign) && sign[place] != digest) }

# One bundle has an index, the other leaves of it that were narrowed out of the same one: the table of the first does not know
# that those are there, too. Any index of the pool may list them, as indexes may lie in indexes.
function add_narrowed_leaves(    i, k, digest, indexed, leaves, indexes, n) {
  for (i = 1; i <= count; i++) if (narrow[i] != "narrow") indexed[own[i]] = 1
  leaves = ""
  for (i = 1; i <= count; i++)
    if (narrow[i] == "narrow" && own[i] in indexed) for (k = 1; k <= nl[i]; k++) leaves = leaves " " leaf[i, k, "digest"]
  if (leaves == "") return
  n = 0
  for (digest in type) if (is_index(digest)) indexes[++n] = digest
  for (i = 1; i <= n; i++) join_content(indexes[i], leaves)
}

function join_locks(    x, i, j, m, place, kept, lost, given, digits, stored, id, key, list, n, group) {
  for (x = 1; x <= size_of["newer"]; x++) {
    i = ids["newer", x]
    for (j = 1; j <= nn[i]; j++) {
      hold(nm[i, j], i)
      for (m = 1; m <= nr[i]; m++) {
        place = sign_place(nm[i, j], i, m)
        if (place != "" && !(place in sign)) sign[place] = rf[i, m, "digest"]
      }
    }
  }
  for (x = 1; x <= size_of["older"]; x++) {
    i = ids["older", x]
    for (m = 1; m <= nr[i]; m++) for (j = 1; j <= nn[i]; j++) {
      place = sign_place(nm[i, j], i, m)
      if (place != "" && (place in sign) && sign[place] != rf[i, m, "digest"]) strip[i, m] = 1
    }
    for (j = 1; j <= nn[i]; j++) gone[i, j] = is_taken(place_of(nm[i, j]), tagged[i])
  }
  for (x = 1; x <= size_of["older"]; x++) {
    i = ids["older", x]
    for (j = 1; j <= nn[i]; j++) if (!gone[i, j]) hold(nm[i, j], i)
  }
  for (x = 1; x <= size_of["newer"]; x++) {
    i = ids["newer", x]
    add_joined(i, ref[i], i)
    for (j = 1; j <= nn[i]; j++) add_name(joined_id, nm[i, j])
  }
  for (x = 1; x <= size_of["older"]; x++) {
    i = ids["older", x]
    kept = n = 0
    for (j = 1; j <= nn[i]; j++) {
      stored = nm[i, j]
      if (!gone[i, j]) { list[++n] = stored; kept++; continue }
      if ((content_at(stored, i, 1) in present) || (content_at(stored, i, 0) in present)) continue
      for (digits = 12; digits <= 64; digits++) {
        given = name_of(stored) ":digest-" substr(tagged[i], 8, digits)
        if (!(place_of(given) in held) && !(place_of(given) in sign)) break
      }
      if (digits > 64) fault(stored " is another image in the newer bundle, and there is no free tag for the older one")
      hold(given, i)
      list[++n] = given
      print stored "\\t" given > (out "/moved")
    }
    if (!n) continue
    sort_list(list, n)
    key = ref[i]
    if (!kept && source[i] != "docker") key = list[1]
    else if (!kept && !index(key, "@")) { sub(/:[^:\\/]*$/, "", key); key = key "@" own[i] }
    add_joined(i, key, i)
    for (j = 1; j <= n; j++) add_name(joined_id, list[j])
  }
  n = 0
  for (x = 1; x <= joined; x++) {
    id = joined_ids[x]
    split("", list)
    for (j = 1; j <= nn[id]; j++) list[j] = nm[id, j]
    sort_list(list, nn[id])
    key = ""
    for (j = 1; j <= nn[id]; j++) { nm[id, j] = list[j]; key = key (j > 1 ? "," : "") list[j] }
    order_of[++n] = ref[id] "\\001" key "\\001" (BASE + id)
  }
  sort_list(order_of, n)
  for (x = 1; x <= n; x++) { split(order_of[x], group, "\\001"); ids["joined", x] = group[3] - BASE }
  size_of["joined"] = n
}
# An image of the joined lock; the one that is there already where only the names differ. Sets joined_id.
function add_joined(i, new_ref, from,    key, m) {
  key = new_ref "\\n" body[i] referrers_text(from, 1)
  if (key in joined_by) { joined_id = joined_by[key]; return }
  joined_id = ++count
  joined_by[key] = joined_id
  joined_ids[++joined] = joined_id
  base[joined_id] = i
  ref[joined_id] = new_ref
  nn[joined_id] = 0
  for (m = 1; m <= nr[i]; m++) if ((from, m) in strip) strip[joined_id, m] = 1
}
function add_name(id, stored) {
  if ((id, "has", stored) in named_once) return
  named_once[id, "has", stored] = 1
  nm[id, ++nn[id]] = stored
}

# ---- writing ----
function write_lock(side, file,    x, id, j, n, digest) {
  printf "{\\n  \\"version\\": 1,\\n  \\"images\\": [" > file
  n = size_of[side]
  for (x = 1; x <= n; x++) {
    id = ids[side, x]
    printf "%s    {\\n      \\"ref\\": \\"%s\\",\\n      \\"names\\": [\\n", (x > 1 ? "" : "\\n"), ref[id] > file
    for (j = 1; j <= nn[id]; j++) printf "        \\"%s\\"%s\\n", nm[id, j], (j < nn[id] ? "," : "") > file
    printf "      ],\\n" > file
    printf "%s", body[base[id]] > file
    printf "%s", referrers_text(id, side == "joined") > file
    printf "    }%s\\n", (x < n ? "," : "") > file
  }
  printf "%s],\\n  \\"files\\": [],\\n  \\"blobs\\": {", (n ? "  " : "") > file
  for (x = 1; x <= blobs[side]; x++) {
    digest = blob[side, x]
    printf "%s    \\"%s\\": %s", (x > 1 ? ",\\n" : "\\n"), digest, bytes[side, digest] > file
  }
  printf "%s}\\n}\\n", (blobs[side] ? "\\n  " : "") > file
  close(file)
}

function join_blobs(    a, b, x, y, one, side) {
  x = y = 1
  while (x <= blobs["older"] || y <= blobs["newer"]) {
    a = x <= blobs["older"] ? blob["older", x] : "~"
    b = y <= blobs["newer"] ? blob["newer", y] : "~"
    if (a == b && bytes["older", a] != bytes["newer", b]) fault("the two bundles give " a " different sizes")
    if ((x > 1 && a <= blob["older", x - 1]) || (y > 1 && b <= blob["newer", y - 1])) fault("the blobs of a lock are not sorted")
    side = a <= b ? "older" : "newer"
    one = a <= b ? a : b
    blob["joined", ++blobs["joined"]] = one
    bytes["joined", one] = bytes[side, one]
    if (a <= b) x++
    if (b <= a) y++
  }
}

function write_blobs(side, file,    x) {
  for (x = 1; x <= blobs[side]; x++) print hex(blob[side, x]) "\\t" bytes[side, blob[side, x]] > file
  close(file)
}

function is_index(digest) { return type[digest] ~ /(image\\.index|manifest\\.list)/ }

# Everything below a manifest of which an image took some leaves: src/oci/reachable.ts.
function visit(digest, key,    n, j, parts, wanted) {
  if (!(digest in type)) return 0
  if ((run, digest) in visited) return visited[run, digest]
  visited[run, digest] = wanted = 0
  n = content[digest] == "-" ? 0 : split(content[digest], parts, " ")
  if (is_index(digest)) { for (j = 1; j <= n; j++) if (visit(parts[j], key)) wanted = 1 }
  else wanted = key == "*" || ((key, digest) in taken)
  visited[run, digest] = wanted
  if (!wanted) return 0
  add_held(digest)
  if (!is_index(digest)) for (j = 1; j <= n; j++) add_link(parts[j])
  return 1
}
function add_held(digest) {
  add_link(digest)
  if ((folder_run, digest) in is_held) return
  is_held[folder_run, digest] = 1
  helds[++held_count] = digest
}
function add_link(digest) {
  if ((folder_run, digest) in linked) return
  linked[folder_run, digest] = 1
  if (writing) print hex(digest) "\\t" folder > (out "/links")
}

# What each repository of a lock has: its tags, and its referrers with theirs.
function read_layouts(side,    x, id, b, j, k, m, f, t, key, done) {
  split("", repositories); split("", tag_list); split("", ref_list); split("", tag_count); split("", ref_count)
  split("", digest_at); split("", taken); split("", first_sign); split("", sign_tags); split("", sign_count); split("", known_ref)
  repository_count = 0
  for (x = 1; x <= size_of[side]; x++) {
    id = ids[side, x]; b = base[id]
    for (j = 1; j <= nn[id]; j++) {
      f = folder_of(nm[id, j]); t = tag_of(nm[id, j])
      if (!(f in tag_count)) { tag_count[f] = ref_count[f] = 0; repositories[++repository_count] = f }
      if (!((f ":" t) in digest_at)) tag_list[f, ++tag_count[f]] = t
      digest_at[f ":" t] = tagged[b]
      for (k = 1; k <= nl[b]; k++) taken[f ":" t, leaf[b, k, "digest"]] = 1
    }
  }
  for (x = 1; x <= size_of[side]; x++) {
    id = ids[side, x]; b = base[id]
    split("", done)
    for (j = 1; j <= nn[id]; j++) {
      f = folder_of(nm[id, j])
      if (f in done) continue
      done[f] = 1
      for (m = 1; m <= nr[b]; m++) {
        key = rf[b, m, "digest"]
        if (!((f, key) in known_ref)) { known_ref[f, key] = 1; ref_list[f, ++ref_count[f]] = key; sign_count[f, key] = 0 }
        if (!(key in subject)) referrers++
        subject[key] = rf[b, m, "subject"]
        if (!((b, m, "tag") in rf) || (side == "joined" && ((id, m) in strip))) continue
        t = rf[b, m, "tag"]
        if ((f ":" t) in digest_at) continue
        if (!((f ":" t) in first_sign)) first_sign[f ":" t] = key
        if (first_sign[f ":" t] != key || ((f, key, "tag", t) in known_ref)) continue
        known_ref[f, key, "tag", t] = 1
        sign_tags[f, key, ++sign_count[f, key]] = t
      }
    }
  }
  sort_list(repositories, repository_count)
}

function write_tags(side,    x, f, j, m, key) {
  for (x = 1; x <= repository_count; x++) {
    f = repositories[x]
    for (j = 1; j <= tag_count[f]; j++) print f "\\t" tag_list[f, j] "\\t" digest_at[f ":" tag_list[f, j]] > (out "/tags." side)
    for (m = 1; m <= ref_count[f]; m++) {
      key = ref_list[f, m]
      for (j = 1; j <= sign_count[f, key]; j++) print f "\\t" sign_tags[f, key, j] "\\t" key > (out "/tags." side)
    }
  }
}

function entry(digest, tag, name,    text) {
  if (!(digest in type)) return ""
  text = "    {\\n      \\"mediaType\\": \\"" type[digest] "\\",\\n      \\"digest\\": \\"" digest "\\",\\n      \\"size\\": " length_of[digest]
  if (name != "") text = text ",\\n      \\"annotations\\": {\\n        \\"io.containerd.image.name\\": \\"" name "\\",\\n        \\"org.opencontainers.image.ref.name\\": \\"" name "\\"\\n      }"
  else if (tag != "") text = text ",\\n      \\"annotations\\": {\\n        \\"org.opencontainers.image.ref.name\\": \\"" tag "\\"\\n      }"
  return text "\\n    }"
}
function start_index(file) { printf "{\\n  \\"schemaVersion\\": 2,\\n  \\"mediaType\\": \\"application/vnd.oci.image.index.v1+json\\",\\n  \\"manifests\\": [" > file; entries = 0 }
function add_entry(file, text) { if (text != "") printf "%s%s", (entries++ ? ",\\n" : "\\n"), text > file }
function end_index(file) { printf "%s]\\n}\\n", (entries ? "\\n  " : "") > file; close(file) }

function write_layouts(    x, j, m, n, file, parts, list, key, named) {
  writing = 1
  for (x = 1; x <= repository_count; x++) {
    folder = repositories[x]; folder_run = x; held_count = n = 0
    split("", list); split("", named)
    for (j = 1; j <= tag_count[folder]; j++) {
      key = digest_at[folder ":" tag_list[folder, j]]
      list[++n] = tag_list[folder, j] "\\001" key
      run++
      visit(key, folder ":" tag_list[folder, j])
      add_held(key)
    }
    for (m = 1; m <= ref_count[folder]; m++) {
      key = ref_list[folder, m]
      for (j = 1; j <= sign_count[folder, key]; j++) list[++n] = sign_tags[folder, key, j] "\\001" key
      run++
      visit(key, "*")
      add_held(key)
    }
    sort_list(list, n)
    file = out "/layout." x
    print x "\\t" folder > (out "/layouts")
    start_index(file)
    for (j = 1; j <= n; j++) {
      split(list[j], parts, "\\001")
      if (parts[1] != digest_tag(parts[2])) named[parts[2]] = 1
      add_entry(file, entry(parts[2], parts[1], ""))
    }
    sort_list(helds, held_count)
    for (j = 1; j <= held_count; j++) if (!(helds[j] in named)) add_entry(file, entry(helds[j], "", ""))
    end_index(file)
  }
}

# How early importers take an image: src/bundle/layout-files.ts, importRank.
function rank_of(id,    b, k, n, first) {
  b = base[id]
  if (b in ranks) return ranks[b]
  first = n = 0
  for (k = 1; k <= nl[b]; k++) {
    if (!((b, k, "platform") in leaf) || ((b, k, "attests") in leaf)) continue
    n++
    if (leaf[b, k, "digest"] in opaque) return ranks[b] = 2
    if (!first && (leaf[b, k, "platform"] == "linux/amd64" || leaf[b, k, "digest"] == root[b]) && read_blob(leaf[b, k, "digest"]) !~ /"application\\/vnd\\.docker\\.[^"]*\\.zstd"/) first = 1
  }
  return ranks[b] = !n ? 2 : first ? 0 : 1
}

function write_flat(    x, id, j, k, n, m, b, name, list, parts, file, chosen, docker, tags, of, once, t, layer) {
  for (x = 1; x <= size_of["joined"]; x++) {
    id = ids["joined", x]
    for (j = 1; j <= nn[id]; j++) {
      name = root_name(id, nm[id, j])
      if (name == "") continue
      if (!(name in of)) list[++n] = name
      of[name] = root[base[id]]
      rank_by_root[root[base[id]]] = rank_of(id)
    }
  }
  for (j = 1; j <= n; j++) list[j] = rank_by_root[of[list[j]]] "\\001" list[j]
  sort_list(list, n)
  file = out "/index.json"
  start_index(file)
  for (j = 1; j <= n; j++) { split(list[j], parts, "\\001"); add_entry(file, entry(of[parts[2]], "", parts[2])) }
  end_index(file)

  # docker's form: one platform of each image that importers can unpack.
  m = 0
  for (x = 1; x <= size_of["joined"]; x++) {
    id = ids["joined", x]; b = base[id]
    chosen = 0
    for (k = nl[b]; k >= 1; k--)
      if (((b, k, "platform") in leaf) && !((b, k, "attests") in leaf) && leaf[b, k, "platform"] == "linux/amd64") chosen = k
    for (k = nl[b]; !chosen && k >= 1; k--)
      if (((b, k, "platform") in leaf) && !((b, k, "attests") in leaf)) t = k
    if (!chosen && t) chosen = t
    t = 0
    if (!chosen || (leaf[b, chosen, "digest"] in opaque)) continue
    key_leaf = leaf[b, chosen, "digest"]
    if (!(key_leaf in docker)) { docker[key_leaf] = ++m; docker_image[m] = b; docker_leaf[m] = chosen; tags[m] = 0 }
    for (j = 1; j <= nn[id]; j++) {
      name = root_name(id, nm[id, j])
      if (name == "" || ((docker[key_leaf], name) in once)) continue
      once[docker[key_leaf], name] = 1
      tag_at[docker[key_leaf], ++tags[docker[key_leaf]]] = name
    }
  }
  split("", list)
  for (k = 1; k <= m; k++) {
    split("", parts)
    for (j = 1; j <= tags[k]; j++) parts[j] = tag_at[k, j]
    sort_list(parts, tags[k])
    for (j = 1; j <= tags[k]; j++) tag_at[k, j] = parts[j]
    list[k] = parts[1] "\\001" (BASE + k)
  }
  sort_list(list, m)
  file = out "/manifest.json"
  printf "[" > file
  for (x = 1; x <= m; x++) {
    split(list[x], parts, "\\001")
    k = parts[2] - BASE; b = docker_image[k]
    printf "%s  {\\n    \\"Config\\": \\"blobs/sha256/%s\\",\\n    \\"RepoTags\\": [\\n", (x > 1 ? ",\\n" : "\\n"), hex(leaf[b, docker_leaf[k], "config"]) > file
    for (j = 1; j <= tags[k]; j++) printf "      \\"%s\\"%s\\n", tag_at[k, j], (j < tags[k] ? "," : "") > file
    printf "    ],\\n    \\"Layers\\": [" > file
    n = split(layers[b, docker_leaf[k]], layer, " ")
    for (j = 1; j <= n; j++) printf "%s      \\"blobs/sha256/%s\\"", (j > 1 ? ",\\n" : "\\n"), hex(layer[j]) > file
    printf "%s]\\n  }", (n ? "\\n    " : "") > file
  }
  printf "%s]\\n", (m ? "\\n" : "") > file
  close(file)
}

function write_tables(    x, y, id, b, j, k, m, n, name, common, end, f, key, list, file, digest) {
  file = out "/manifests.tsv"
  print "# digest\\tmediaType\\tsize\\tcontent" > file
  for (digest in type) list[++n] = digest
  sort_list(list, n)
  for (j = 1; j <= n; j++) print list[j] "\\t" type[list[j]] "\\t" length_of[list[j]] "\\t" content[list[j]] > file
  close(file)
  file = out "/images.tsv"
  print "# name\\ttag\\tdigest\\tplatform\\tconfig\\tleaf\\troot\\trepository\\tkind\\tsubject" > file
  for (y = 0; y <= 2; y++) for (x = 1; x <= size_of["joined"]; x++) {
    id = ids["joined", x]; b = base[id]
    if (rank_of(id) != y) continue
    for (j = 1; j <= nn[id]; j++) {
      name = root_name(id, nm[id, j])
      common = (name == "" ? "-" : name_of(name)) "\\t" tag_of(nm[id, j]) "\\t" tagged[b] "\\t"
      end = "\\t" root[b] "\\t" folder_of(nm[id, j]) "\\t"
      m = 0
      for (k = 1; k <= nl[b]; k++) {
        if (!((b, k, "platform") in leaf) || ((b, k, "attests") in leaf)) continue
        m++
        print common leaf[b, k, "platform"] "\\t" leaf[b, k, "config"] "\\t" leaf[b, k, "digest"] end ((leaf[b, k, "digest"] in opaque) ? "opaque" : "image") "\\t-" > file
      }
      if (!m) print common "-\\t-\\t-" end "artifact\\t-" > file
    }
  }
  for (x = 1; x <= repository_count; x++) {
    f = repositories[x]
    for (m = 1; m <= ref_count[f]; m++) {
      key = ref_list[f, m]
      end = "\\t" key "\\t-\\t-\\t-\\t" key "\\t" f "\\treferrer\\t" subject[key]
      if (!sign_count[f, key]) print "-\\t-" end > file
      for (j = 1; j <= sign_count[f, key]; j++) print "-\\t" sign_tags[f, key, j] end > file
    }
  }
  close(file)
}

function write_counts(    x, b, k, has, images) {
  images = 0
  for (x = 1; x <= size_of["joined"]; x++) {
    b = base[ids["joined", x]]
    has = 0
    for (k = 1; k <= nl[b]; k++) if (((b, k, "platform") in leaf) && !((b, k, "attests") in leaf)) has = 1
    images += has
  }
  print images, size_of["joined"] - images, referrers > (out "/counts")
}

function write_news(    x, i, j, place, had) {
  for (x = 1; x <= size_of["older"]; x++) {
    i = ids["older", x]
    for (j = 1; j <= nn[i]; j++) had[place_of(nm[i, j])] = tagged[i]
  }
  for (x = 1; x <= size_of["newer"]; x++) {
    i = ids["newer", x]
    for (j = 1; j <= nn[i]; j++) {
      place = place_of(nm[i, j])
      if (!(place in had)) print nm[i, j] "\\tnew" > (out "/added")
      else if (had[place] != tagged[i]) print nm[i, j] "\\tmoved" > (out "/added")
    }
  }
}

BEGIN {
  # Added to numbers that are sorted as text: some awks take a zero before a number for octal.
  BASE = 100000000
  count = joined = run = 0
  size_of["older"] = size_of["newer"] = blobs["older"] = blobs["newer"] = blobs["joined"] = 0
  read_lock(older "/oci-save.lock.json", "older")
  read_lock(newer "/oci-save.lock.json", "newer")
  write_lock("older", out "/older.again")
  write_lock("newer", out "/newer.again")
  join_blobs()
  join_locks()
  write_lock("joined", out "/lock.json")
  write_blobs("joined", out "/blobs")
  write_blobs("older", out "/blobs.older")
  read_layouts("older")
  write_tags("older")
  split("", subject)
  referrers = 0
  read_layouts("joined")
  write_tags("joined")
  read_tables(older, "older")
  read_tables(newer, "newer")
  add_narrowed_leaves()
  write_layouts()
  write_flat()
  write_tables()
  write_counts()
  write_news()
}
`,
  'lib/join.sh': `# How update.sh adds a bundle to one that is served. First blobs come, then each index.json by rename, so that every pull
# finds at any moment what the index promises; the lock and the sums are the last.

NAMES_SHOWN=20

join_site() {
  site=$(folder_of "$given") || refuse "$given is no folder"
  staging=$site/.oci-save-update
  ! inside "$site" "$bundle" || refuse "$site lies in the new bundle $bundle" 'Unpack the new bundle elsewhere.'
  ! inside "$bundle" "$site" || refuse "the new bundle $bundle lies in $site" 'Unpack the new bundle elsewhere.'
  refuse_other_layout
  hold "$site"
  resumed=
  if [ -f "$staging/newer" ]; then
    [ "$(cat "$staging/newer")" = "$(hash_of "$bundle/$LOCK")" ] ||
      refuse "a join of another bundle into $site was cut off" 'Run that one again first: from the bundle whose lock has the sha256 in .oci-save-update/newer'
    resumed=yes phase=join
    note 'an earlier join of this bundle was cut off: it is finished'
  elif [ -e "$staging" ]; then
    rm -rf "$staging"
  fi
  check_whole "$bundle" new
  refuse_links
  if [ -n "$resumed" ]; then check_blobs; else check_whole "$site" site; fi
  plan
  refuse_pushes
  if cmp -s "$plan/lock.json" "$site/$LOCK" && [ -z "$resumed" ]; then
    say "$site has all of this bundle already"
    return 0
  fi
  plan_kit
  refuse_obstacles
  bring
  phase=
  tell
}

refuse_other_layout() {
  if [ -L "$site/current" ] || [ -d "$site/releases" ]; then
    refuse "$site has a folder for each release" "There: sh kit/update.sh --swap $(word_of "$given")"
  fi
  case \${site%/*} in
    */releases)
      if [ -L "\${site%/*/*}/current" ]; then refuse "$site is a release" "Bring the new one beside it: sh kit/update.sh --swap $(word_of "\${site%/*/*}")"; fi
      ;;
  esac
  for one in "$site" "$bundle"; do
    if [ ! -f "$one/$LOCK" ]; then
      [ ! -f "$one.lock.json" ] || refuse "$one is a bundle of one view alone" 'Two bundles of both views can be joined: save it without layout.'
      refuse "$one is no bundle: it has no $LOCK"
    fi
    [ -d "$one/registry" ] && [ -f "$one/index.json" ] && [ -d "$one/blobs/sha256" ] && [ -f "$one/kit/images.tsv" ] && [ -f "$one/kit/manifests.tsv" ] ||
      refuse "$one has not the layout of a bundle with a kit" 'An earlier oci-save wrote it: use oci-save unpack --join, or --swap.'
  done
}

# Names never leave the site: no link, whoever made it, is followed.
refuse_links() {
  for one in "$site" "$bundle"; do
    found=$(find "$one" -type l -print | head -n 1)
    [ -z "$found" ] || refuse "$found is a link" 'A bundle has none. Remove it, or put there what it leads to.'
  done
}

# check_blobs: of a join that was cut off, what is there is whole; what is missing comes now.
check_blobs() {
  note "checking the blobs of $site"
  (cd "$site" && find blobs registry -type f -path '*blobs/sha256/*') >"$work/there"
  while IFS= read -r one; do
    case $one in registry/*) [ ! "$site/$one" -ef "$site/blobs/sha256/\${one##*/}" ] || continue ;; esac
    printf '%s\\n' "$one"
  done <"$work/there" >"$work/single"
  not_whole "$site" "$work/single" >"$work/rotten"
  [ ! -s "$work/rotten" ] || refuse "$site/$(head -n 1 "$work/rotten") is damaged" 'Remove it and run this again.'
}

# plan: the joined bundle as files in $plan, and what is missing at the site.
plan() {
  plan=$work/plan
  mkdir "$plan"
  for one in links layouts tags.older tags.joined blobs.older added moved fault; do : >"$plan/$one"; done
  status=0
  awk -v older="$site" -v newer="$bundle" -v out="$plan" -f "$kit/lib/join.awk" || status=$?
  [ ! -s "$plan/fault" ] || refuse "$(cat "$plan/fault")" 'Use oci-save unpack --join, or --swap.'
  [ "$status" -eq 0 ] || refuse "the two locks could not be joined" 'Use oci-save unpack --join, or --swap.'
  for one in older newer; do
    folder=$site
    [ $one = older ] || folder=$bundle
    cmp -s "$plan/$one.again" "$folder/$LOCK" ||
      refuse "the lock of $folder is not in the form in which oci-save writes it" 'Use oci-save unpack --join, or --swap.'
  done
  (cd "$site/registry" && find . -type f) | sed 's#^\\./##' >"$plan/there"
  find "$site/blobs/sha256" -type f | sed 's#.*/##' >"$plan/pool"
  awk -F '\\t' 'FILENAME == ARGV[1] { has[$1] = 1; next } !($1 in has)' "$plan/pool" "$plan/blobs" >"$plan/missing"
  awk -F '\\t' 'FILENAME == ARGV[1] { has[$0] = 1; next } !(($2 "/blobs/sha256/" $1) in has)' "$plan/there" "$plan/links" >"$plan/unlinked"
}

# A zot that takes pushes has what no lock explains, and may be writing an index.json at this moment.
refuse_pushes() {
  (cd "$site/registry" && find . -type d '(' -name .uploads -o -name .sync ')') | sed 's#^\\./##' >"$plan/uploads"
  cat "$plan/tags.older" >"$plan/tags"
  cat "$plan/blobs.older" >"$plan/explained"
  if [ -n "$resumed" ]; then
    cat "$plan/tags.joined" >>"$plan/tags"
    cat "$plan/blobs" >>"$plan/explained"
  fi
  awk -F '\\t' -v root="$site/registry" '
    # What an index.json names that no lock explains. Strings stand between quotes, so that what is between two strings
    # tells where in the file they are.
    function look(folder,    file, line, text, n, i, parts, k, c, depth, key, digest, tag, value) {
      file = root "/" folder "/index.json"
      text = ""
      while ((getline line < file) > 0) text = text line " "
      close(file)
      gsub(/\\\\./, "?", text)
      n = split(text, parts, "\\"")
      depth = 0
      for (i = 1; i <= n; i++) {
        if (i % 2) {
          for (k = 1; k <= length(parts[i]); k++) {
            c = substr(parts[i], k, 1)
            if (c == "{") { depth++; if (depth == 2) digest = tag = "" }
            if (c == "}") {
              if (depth == 2 && !(digest in known)) print folder "@" digest
              else if (depth == 2 && tag != "" && !((folder "\\t" tag "\\t" digest) in tags)) print folder ":" tag
              depth--
            }
          }
        } else if (parts[i + 1] ~ /^[ \\t]*:[ \\t]*$/) key = parts[i]
        else {
          if (depth == 2 && key == "digest") digest = parts[i]
          if (depth == 3 && key == "org.opencontainers.image.ref.name") tag = parts[i]
          key = ""
        }
      }
    }
    FILENAME ~ /\\/tags$/ { tags[$0] = 1; folders[$1] = 1; next }
    FILENAME ~ /\\/explained$/ { known["sha256:" $1] = 1; next }
    FILENAME ~ /\\/uploads$/ { print "registry/" $0; next }
    {
      path = $0
      if (path ~ /^(_restore_complete|cache\\.db|meta\\.db|hardlinkcheck\\.txt|duphardlinkcheck\\.txt)$/) next
      if (path ~ /^(_trivy|_sessions)\\//) next
      name = path
      sub(/^.*\\//, "", name)
      folder = path
      if (name == "index.json" || name == "oci-layout") {
        sub(/\\/[^\\/]*$/, "", folder)
        if (folder in folders) { if (name == "index.json") look(folder); next }
      } else if (path ~ /\\/blobs\\/sha256\\/[0-9a-f]+$/) {
        sub(/\\/blobs\\/sha256\\/[^\\/]*$/, "", folder)
        if ((folder in folders) && (("sha256:" name) in known)) next
      }
      print "registry/" path
    }' "$plan/tags" "$plan/explained" "$plan/uploads" "$plan/there" >"$plan/pushed"
  awk 'FILENAME == ARGV[1] { known[$1] = 1; next } !($1 in known) { print "blobs/sha256/" $1 }' "$plan/explained" "$plan/pool" >>"$plan/pushed"
  [ -s "$plan/pushed" ] || return 0
  note "$(sort -u "$plan/pushed" | head -n 10)"
  refuse "the zot at $site takes pushes: it has $(sort -u "$plan/pushed" | wc -l | tr -d ' ') things that its lock does not explain" \\
    'Push the new bundle there instead: sh kit/push.sh HOST:PORT'
}

# plan_kit: what the joined bundle's kit has, into $plan/kit and $plan/mirrors.
plan_kit() {
  # The kit is the newer one: what its sums name, which was checked, and not what somebody may have put beside it.
  kit_names "$bundle" >"$plan/kit"
  ! grep -q -e '/\\.\\.\\{0,1\\}/' -e '/\\.\\.\\{0,1\\}$' "$plan/kit" ||
    refuse "$bundle/SHA256SUMS names files outside of the bundle" 'Do not use this bundle.'
  # The configurations of runtimes name the hosts of all images.
  mkdir -p "$work/joined/kit/lib"
  cp "$bundle/kit/mirrors.sh" "$work/joined/kit/mirrors.sh"
  cp "$bundle/kit/lib/common.sh" "$work/joined/kit/lib/common.sh"
  cp "$plan/images.tsv" "$work/joined/kit/images.tsv"
  sh "$work/joined/kit/mirrors.sh" --out "$work/mirrors" 127.0.0.1:5000 >"$work/mirrored" 2>&1 || {
    cat "$work/mirrored" >&2
    refuse 'the configurations for runtimes could not be made'
  }
  # Of the others there is one form for all bundles.
  (cd "$work/mirrors" && find . -type f) |
    sed -n -e 's#^\\./\\(hosts/.*/hosts\\.toml\\)$#\\1#p' -e 's#^\\./\\(registries\\.conf\\)$#\\1#p' -e 's#^\\./\\(k3s-registries\\.yaml\\)$#\\1#p' >"$plan/mirrors"
}

# refuse_obstacles: a folder where a file comes, or another thing where a folder has to be. mv would put the file into it.
refuse_obstacles() {
  {
    awk -F '\\t' '{ print "blobs/sha256/" $1 }' "$plan/missing"
    awk -F '\\t' '{ print "registry/" $2 "/blobs/sha256/" $1 }' "$plan/unlinked"
    awk -F '\\t' '{ print "registry/" $2 "/index.json"; print "registry/" $2 "/oci-layout" }' "$plan/layouts"
    cat "$plan/kit"
    sed 's#^#kit/#' "$plan/mirrors"
    printf '%s\\n' index.json manifest.json README.txt report.html SHA256SUMS.registry
  } >"$plan/written"
  (cd "$site" && find . -type d) | sed -n 's#^\\./##p' >"$plan/folders"
  (cd "$site" && find . ! -type d) | sed -n 's#^\\./##p' >"$plan/files"
  awk '
    kind == "folders" { folder[$0] = 1; next }
    kind == "files" { file[$0] = 1; next }
    $0 in folder { print $0 " is a folder, and a file of the bundle has that name"; next }
    {
      path = $0
      while (sub(/\\/[^\\/]*$/, "", path)) if (path in file) { print path " is no folder, and the bundle has one of that name"; next }
    }' kind=folders "$plan/folders" kind=files "$plan/files" kind=written "$plan/written" >"$plan/obstacles"
  [ -s "$plan/obstacles" ] || return 0
  refuse "$site/$(head -n 1 "$plan/obstacles")" 'Move it away, and run this again.'
}

# put FILE PLACE [MODE]: a file of the site is the old one or the new one at any moment. It becomes the new one at the next
# settle_puts, which is also the next time that many wait for it.
puts=0
put() {
  if [ -f "$2" ] && cmp -s "$1" "$2"; then return 0; fi
  puts=$((puts + 1))
  cp "$1" "$staging/put.\${3:-644}.$puts" || fail "$2 could not be written" 'Run this again when there is room: it goes on from here.'
  printf '%s\\n' "\${3:-644}" "$2" >>"$plan/puts"
  [ "$puts" -lt 50 ] || settle_puts
}
settle_puts() {
  [ "$puts" -gt 0 ] || return 0
  for mode in 644 755; do
    set -- "$staging/put.$mode".*
    [ ! -e "$1" ] || chmod "$mode" "$@"
  done
  settle "$staging"/put.*
  puts=0
  while IFS= read -r mode && IFS= read -r place; do
    puts=$((puts + 1))
    mv -f "$staging/put.$mode.$puts" "$place"
  done <"$plan/puts"
  puts=0
  : >"$plan/puts"
}

bring() {
  : >"$plan/puts"
  # Until it names the newer bundle nothing has begun, and what ends before that leaves nothing.
  [ -n "$resumed" ] || stage=$staging
  mkdir -p "$staging/blobs"
  : >"$staging/probe"
  links=yes
  ln -f "$staging/probe" "$staging/probe2" 2>/dev/null || links=
  rm -f "$staging/probe" "$staging/probe2" "$staging"/put.*
  need=$(awk -F '\\t' -v links="$links" -v blobs="$plan/blobs" '
    BEGIN { while ((getline line < blobs) > 0) { split(line, p, "\\t"); size[p[1]] = p[2] } }
    FILENAME ~ /missing$/ { need += $2 }
    FILENAME ~ /unlinked$/ && !links { need += size[$1] }
    END { printf "%.0f", need + 1048576 }' "$plan/missing" "$plan/unlinked")
  [ -n "$links" ] || note "$site knows no hard links: further names of a blob are copies"
  check_room "$need" "$site"
  phase=join
  hash_of "$bundle/$LOCK" >"$staging/newer.part"
  mv "$staging/newer.part" "$staging/newer"
  stage=
  bring_blobs
  bring_repositories
  bring_rest
  rm -rf "$staging"
}

bring_blobs() {
  count=$(wc -l <"$plan/missing" | tr -d ' ')
  note "bringing $count blobs"
  number=0
  while IFS="$tab" read -r blob size <&3; do
    number=$((number + 1))
    [ ! -t 2 ] || progress "[$number/$count] $(readable "$size")"
    # What an earlier join brought is there, and is whole or comes again.
    add_to_batch "$blob" "$size" || bring_batch
  done 3<"$plan/missing"
  bring_batch
  progress_end
  [ "$count" -gt 0 ] || return 0
  # No name in the pool is there before its bytes are on the disk.
  (cd "$staging/blobs" && ls | xargs chmod 644 && { ls | xargs sync 2>/dev/null || sync; }) || exit 1
  (cd "$staging/blobs" && cut -f 1 "$plan/missing" | xargs sh -c 'mv -f "$@" "$0"' "$site/blobs/sha256/") || exit 1
}
bring_batch() { copy_batch "$staging/blobs" 'it goes on from here.'; }

# link_names FOLDER BLOB…: names in a repository for blobs of the pool: links, or copies where there are none.
link_names() {
  mkdir -p "$site/$1"
  to=$site/$1
  shift
  if [ -n "$links" ] && (cd "$site/blobs/sha256" && ln "$@" "$to/") 2>/dev/null; then return 0; fi
  for blob; do
    [ ! "$to/$blob" -ef "$site/blobs/sha256/$blob" ] || continue
    ln "$site/blobs/sha256/$blob" "$to/$blob" 2>/dev/null && continue
    cp "$site/blobs/sha256/$blob" "$staging/copy" && chmod 644 "$staging/copy" && mv -f "$staging/copy" "$to/$blob" ||
      fail "$to/$blob could not be written" 'Run this again when there is room: it goes on from here.'
  done
}

# Blobs, then oci-layout, then index.json: a repository has what its index names.
bring_repositories() {
  awk -F '\\t' '{ print "registry/" $2 "/blobs/sha256/" $1 }' "$plan/unlinked" | sort >"$plan/unlinked.sorted"
  by_folder link_names "$plan/unlinked.sorted"
  while IFS="$tab" read -r number folder; do
    [ -d "$site/registry/$folder" ] || mkdir -p "$site/registry/$folder"
    put "$bundle/oci-layout" "$site/registry/$folder/oci-layout"
    put "$plan/layout.$number" "$site/registry/$folder/index.json"
  done <"$plan/layouts"
  settle_puts
}

# kit_names BUNDLE: files of its kit, as its sums name them.
kit_names() { sed -n 's#^[0-9a-f]*  \\(kit/..*\\)$#\\1#p' "$1/SHA256SUMS"; }

bring_rest() {
  put "$plan/lock.json" "$site/$LOCK"
  # What the sums of both say the same of is there: both were checked. Where a join was cut off, the sums may be the older ones.
  if [ -n "$resumed" ]; then cat "$plan/kit"; else
    awk 'FILENAME == ARGV[1] { had[$0] = 1; next } !($0 in had) { print substr($0, 67) }' "$site/SHA256SUMS" "$bundle/SHA256SUMS" |
      grep -Fx -f "$plan/kit" || :
  fi >"$plan/kit.new"
  while IFS= read -r one; do
    case $one in kit/images.tsv | kit/manifests.tsv | kit/hosts/*) continue ;; esac
    [ -d "$site/\${one%/*}" ] || mkdir -p "$site/\${one%/*}"
    mode=644
    case $one in *.sh) mode=755 ;; esac
    put "$bundle/$one" "$site/$one" $mode
  done <"$plan/kit.new"
  for one in images.tsv manifests.tsv; do put "$plan/$one" "$site/kit/$one"; done
  settle_puts
  bring_mirrors
  kit_names "$site" | grep -v -e '/\\.\\.\\{0,1\\}/' -e '/\\.\\.\\{0,1\\}$' >"$plan/kit.before" || :
  {
    grep -v '^kit/hosts/' "$plan/kit" || :
    sed 's#^#kit/#' "$plan/mirrors"
  } >"$plan/kit.after"
  awk 'FILENAME == ARGV[1] { kept[$0] = 1; next } !($0 in kept)' "$plan/kit.after" "$plan/kit.before" >"$plan/kit.gone"
  while IFS= read -r one; do rm -f "$site/$one"; done <"$plan/kit.gone"
  for one in index.json manifest.json; do put "$plan/$one" "$site/$one"; done
  write_readme >"$plan/README.txt"
  put "$plan/README.txt" "$site/README.txt"
  write_page >"$plan/report.html"
  put "$plan/report.html" "$site/report.html"
  settle_puts
  write_sums
  put "$plan/SHA256SUMS.registry" "$site/SHA256SUMS.registry"
  put "$plan/SHA256SUMS" "$site/SHA256SUMS"
  settle_puts
}

bring_mirrors() {
  while IFS= read -r one; do
    case $one in hosts/*) [ -d "$site/kit/\${one%/*}" ] || mkdir -p "$site/kit/\${one%/*}" ;; esac
    put "$work/mirrors/$one" "$site/kit/$one"
  done <"$plan/mirrors"
}

# README.txt of the new bundle, with the images and the sizes of both.
write_readme() {
  awk -F '\\t' '/^#/ || $9 == "referrer" { next } { print $8 ":" $2 }' "$plan/images.tsv" | sort -u >"$plan/pulled"
  awk -F '\\t' '/^#/ || $4 == "-" { next } { print $4 }' "$plan/images.tsv" | sort -u >"$plan/platforms"
  awk -F '\\t' -v plan="$plan" -v digest="$(hash_of "$plan/lock.json")" '
    function bytes(n,    i, u) {
      if (n < 1024) return n " B"
      split("KiB MiB GiB TiB PiB", u, " ")
      for (i = 0; n >= 1023.5 && i < 5; i++) n /= 1024
      return sprintf(n < 99.95 ? "%.1f %s" : "%.0f %s", n, u[i])
    }
    function counted(n, noun) { return n " " noun (n == 1 ? "" : "s") }
    BEGIN {
      file = plan "/blobs"
      while ((getline line < file) > 0) { split(line, p, "\\t"); size[p[1]] = p[2]; linked += p[2] }
      file = plan "/links"
      copied = linked
      while ((getline line < file) > 0) { split(line, p, "\\t"); copied += size[p[1]] }
      file = plan "/counts"
      getline line < file
      split(line, p, " ")
      images = p[1]; artifacts = p[2]; referrers = p[3]
      file = plan "/platforms"
      text = ""
      while ((getline line < file) > 0) text = text (text == "" ? "" : ", ") line
      if (text == "") text = "none: no image has one"
      file = plan "/pulled"
      while ((getline line < file) > 0) pulled[++n] = line
    }
    /^This folder holds / {
      print "This folder holds " counted(images, "container image") (artifacts ? ", " counted(artifacts, "other artifact") : "") (referrers ? ", " referrers " of their signatures and attestations" : "") "."
      next
    }
    /^  Platforms   / { print "  Platforms   " text; next }
    /^  Size        / { print "  Size        " bytes(linked) "; " bytes(copied) " where a disk knows no hard links"; next }
    /whose sha256 is$/ { print; getline; print "              " digest; next }
    /^   The first image is then$/ { print; getline; address = $0; sub(/^ */, "", address); sub(/\\/.*$/, "", address); print "     " address "/" (n ? pulled[1] : "NAME:TAG"); next }
    /^NAMES, as they are pulled/ {
      print
      print ""
      for (i = 1; i <= n && i <= 200; i++) print "  " address "/" pulled[i]
      if (n > 200) print "  and " (n - 200) " more: all of them stand in kit/images.tsv"
      getline
      skip = 1
      next
    }
    skip && /^$/ { skip = 0 }
    !skip { print }' "$bundle/README.txt"
}

# report.html without scripts: what the page of a save shows beyond that needs oci-save.
write_page() {
  cat <<'EOF'
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Images of this bundle</title>
<style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;margin:2rem auto;padding:0 1rem;max-width:72rem}.wide{overflow-x:auto}table{border-collapse:collapse}td,th{padding:.3rem 1rem .3rem 0;text-align:left;vertical-align:top;white-space:nowrap}td.size{text-align:right}code,pre,td small{font-family:ui-monospace,monospace}small{opacity:.75}</style>
</head>
<body>
<h1>Images of this bundle</h1>
<p>This bundle was joined of several by <code>kit/update.sh</code>. Each image stands here as it is pulled from a registry that serves this folder; its size is that of its blobs, of which images may share some. The same for programs is in <code>oci-save.lock.json</code>.</p>
<pre>
sh kit/verify.sh                          # check what is here
sh kit/serve.sh                           # serve it, with zot
sh kit/load.sh containerd                 # load it; also k3s, rke2, podman, docker
sh kit/push.sh registry.example:5000      # push it into a registry
sh kit/mirrors.sh 10.0.0.5:5000           # let machines pull by the names that they know
sh kit/update.sh FOLDER                   # add it to an earlier one
</pre>
<p>Each tells with <code>--help</code> what else it can do; <code>README.txt</code> has more.</p>
<div class="wide">
<table>
<thead><tr><th>Image</th><th>Platforms</th><th>Size</th></tr></thead>
<tbody>
EOF
  awk -F '\\t' '
    function bytes(n,    i, u) {
      split("B KiB MiB GiB TiB", u, " ")
      for (i = 1; n >= 1023.5 && i < 5; i++) n /= 1024
      return sprintf(i > 1 ? "%.1f %s" : "%d %s", n, u[i])
    }
    function text(words) { gsub(/&/, "\\\\&amp;", words); gsub(/</, "\\\\&lt;", words); gsub(/>/, "\\\\&gt;", words); return words }
    function sum(top, level,    part, count, at, n) {
      if ((top in seen) || level > 60) return 0
      seen[top] = 1
      n = size[substr(top, 8)]
      if (!(top in content) || content[top] == "-") return n
      count = split(content[top], part, " ")
      for (at = 1; at <= count; at++) n += sum(part[at], level + 1)
      return n
    }
    FILENAME == ARGV[1] { size[$1] = $2; next }
    /^#/ { next }
    FILENAME == ARGV[2] { content[$1] = $4; next }
    $9 == "referrer" { next }
    {
      image = $8 ":" $2
      if (!(image in digest)) { order[++images] = image; digest[image] = $3 }
      if ($4 != "-") platforms[image] = platforms[image] (platforms[image] == "" ? "" : ", ") $4
    }
    END {
      for (row = 1; row <= images; row++) {
        image = order[row]
        split("", seen)
        n = sum(digest[image], 0)
        print "<tr><td>" text(image) "<br><small>" digest[image] "</small></td><td>" text(platforms[image]) "</td><td class=\\"size\\">" bytes(n) "</td></tr>"
      }
    }' "$plan/blobs" "$plan/manifests.tsv" "$plan/images.tsv"
  printf '</tbody>\\n</table>\\n</div>\\n</body>\\n</html>\\n'
}

write_sums() {
  awk -F '\\t' '{ print $1 "  registry/" $2 "/blobs/sha256/" $1 }' "$plan/links" | sort -k 2 >"$plan/SHA256SUMS.registry"
  {
    awk -F '\\t' '{ print $1 "  blobs/sha256/" $1 }' "$plan/blobs"
    printf '%s  %s\\n' "$(hash_of "$plan/SHA256SUMS.registry")" SHA256SUMS.registry "$(printf 1 | hash_input)" registry/_restore_complete
    layout=$(hash_of "$bundle/oci-layout")
    awk -F '\\t' -v hash="$layout" '{ print hash "  registry/" $2 "/oci-layout" }' "$plan/layouts"
    printf '%s  oci-layout\\n' "$layout"
    sed "s/$tab.*//; s/^/layout./" "$plan/layouts" >"$plan/layouts.files"
    (cd "$plan" && hashes_of layouts.files) | awk -F '\\t' '
      FILENAME == ARGV[1] { folder["layout." $1] = $2; next }
      { print substr($0, 1, 64) "  registry/" folder[substr($0, 67)] "/index.json" }' "$plan/layouts" -
    sort -u "$plan/kit.after" >"$plan/others"
    printf '%s\\n' index.json manifest.json "$LOCK" README.txt report.html >>"$plan/others"
    (cd "$site" && hashes_of "$plan/others")
  } | sort -k 2 >"$plan/SHA256SUMS"
}

tell() {
  if [ -s "$plan/added" ]; then
    head -n $NAMES_SHOWN "$plan/added" | while IFS="$tab" read -r name what; do
      [ "$what" != new ] || what='new  '
      say "  $what   $name"
    done
    more=$(($(wc -l <"$plan/added") - NAMES_SHOWN))
    [ "$more" -le 0 ] || say "  and $more more"
  fi
  head -n $NAMES_SHOWN "$plan/moved" | while IFS="$tab" read -r name by; do say "  what $name was is now $by"; done
  awk -F '\\t' '
    { folder = FILENAME == ARGV[1] ? $1 : $2; sub(/\\/.*$/, "", folder) }
    FILENAME == ARGV[1] { had[folder] = 1; next }
    !(folder in had) { had[folder] = 1; print folder }' "$plan/tags.older" "$plan/layouts" >"$plan/registries"
  [ ! -s "$plan/registries" ] || say "  registries that were not there before: $(tr '\\n' ' ' <"$plan/registries")"
  [ -z "$resumed" ] || say 'The join that was cut off is completed.'
  say "Joined $bundle into $site: $(wc -l <"$plan/added" | tr -d ' ') new or moved names, $(wc -l <"$plan/missing" | tr -d ' ') blobs brought"
  say "sha256 of $LOCK: $(hash_of "$site/$LOCK")"
  say "sha256 of SHA256SUMS: $(hash_of "$site/SHA256SUMS")"
}
`,
  'lib/load-containerd.sh': `# The part of load.sh for containerd, k3s and RKE2.
[ -n "\${runtime-}" ] || { echo 'This is a part of load.sh: sh kit/load.sh containerd' >&2 && exit 2; }

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
      : "\${CONTAINERD_ADDRESS:=/run/k3s/containerd/containerd.sock}"
      export CONTAINERD_ADDRESS
      ;;
    *) has ctr || refuse 'there is no program ctr here' 'It comes with containerd; for k3s and RKE2: sh kit/load.sh k3s' ;;
  esac
  if [ "$runtime" != k3s ]; then
    # ctr itself waits long for one that is not there.
    address=\${CONTAINERD_ADDRESS:-/run/containerd/containerd.sock}
    [ -S "\${address#unix://}" ] ||
      refuse "containerd does not listen at \${address#unix://}" 'Is it running? Another socket: CONTAINERD_ADDRESS=FILE'
  fi
  control images ls >"$work/ls" 2>"$work/err" </dev/null ||
    refuse "$runtime does not answer: $(last_line "$work/err")" \\
      'May you speak to it? Most need root: sudo sh kit/load.sh …'
}

# look: $work/images (name, digest), $work/checked (name, digest, state, whether it is unpacked), $work/present.
look() {
  awk 'NR > 1 { print $1 "\\t" $3 }' "$work/ls" >"$work/images"
  # Of the images that are asked for: a node may have many others. In brackets (IPv6) a filter is not understood.
  filters=$(awk -F '\\t' '
    $8 == "load" { list = list " name==" $1; if ($1 ~ /[^A-Za-z0-9._:\\/-]/ || ++count > 500) all = 1 }
    END { print all ? "" : list }' "$work/rows")
  # shellcheck disable=SC2086
  control images check $filters 2>/dev/null </dev/null |
    awk 'NR > 1 { print $1 "\\t" $3 "\\t" $4 "\\t" $NF }' >"$work/checked" || :
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
    awk -F '\\t' -v name="$reference" '$1 == name { found = $3 == "complete" && $4 == "true" } END { exit !found }' "$work/checked" ||
      return 1
  fi
  if [ -n "$all_platforms" ] || ! is_native_leaf; then
    contents "$found" "$([ -n "$all_platforms" ] || echo "$leaf")" >"$work/all" &&
      awk 'FILENAME == ARGV[1] { present[$1]; next } !($1 in present) { lacks = 1 } END { exit lacks }' "$work/present" "$work/all"
  fi
}

is_loaded() {
  remark=''
  found=$(awk -F '\\t' -v name="$reference" '$1 == name { print $2; exit }' "$work/images")
  case " $(entries) $(is_native_leaf || echo "$leaf") " in
    *" \${found:--} "*) ;;
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
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[%s]}' \\
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
  reason=\${reason#ctr: }
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
`,
  'lib/load-docker.sh': `# The part of load.sh for docker.
[ -n "\${runtime-}" ] || { echo 'This is a part of load.sh: sh kit/load.sh docker' >&2 && exit 2; }

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
  ! docker info --format '{{json .DriverStatus}}' 2>/dev/null </dev/null | grep -q 'io\\.containerd\\.snapshotter' || keeps_digests=1
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
    if add_to_archive; then cat "$work/all" >>"$work/together"; else printf '%s\\t%s\\n' "$reference" "$reason" >>"$work/reasons"; fi
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
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[%s]}' \\
    "$(tr '\\n' ',' <"$work/oci" | sed 's/,$//')" >"$work/stream/index.json"
  printf '[%s]' "$(tr '\\n' ',' <"$work/docker" | sed 's/,$//')" >"$work/stream/manifest.json"
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
`,
  'lib/load-podman.sh': `# The part of load.sh for podman.
[ -n "\${runtime-}" ] || { echo 'This is a part of load.sh: sh kit/load.sh podman' >&2 && exit 2; }

can_hold_platforms=''

need_runtime() {
  has podman || refuse 'there is no program podman here'
  podman info --format '{{.Host.ServiceIsRemote}} {{.Host.OS}}/{{.Host.Arch}}' >"$work/info" 2>"$work/err" </dev/null ||
    refuse "podman does not work: $(last_line "$work/err")"
  # A podman in a virtual machine (podman machine) does not see these files: it is sent an archive.
  is_remote=''
  read -r remote machine_found <"$work/info" || :
  [ "$remote" != true ] || { is_remote=1 && machine=$machine_found; }
}

look_before() { :; }
look_after() { :; }

# is_loaded: whether the name stands for the image, by the digest of its config. Its digest is the index's where podman
# read that, else the manifest's own.
is_loaded() {
  remark='' found=''
  podman image inspect --format '{{.Id}} {{.Digest}} {{range .RepoDigests}}{{.}} {{end}}' "$reference" >"$work/inspect" 2>/dev/null || return 1
  read -r identifier found digests <"$work/inspect" || return 1
  [ "\${identifier#sha256:}" = "\${config#sha256:}" ] || { remark=$other_image; return 1; }
  case " $found $digests " in
    *"@$digest "* | *" $digest "*) found=$digest ;;
    *) remark="its digest is not kept, which was $digest" ;;
  esac
}
# With another platform podman has the manifest's own digest at best.
is_there() {
  is_loaded || return 1
  [ "$found" = "$digest" ] || { ! is_native_leaf && [ "$found" = "$leaf" ]; }
}

load_wanted() { load_each "$work/wanted"; }

load_image() {
  if [ -z "$is_remote" ]; then
    # podman chooses of an index what its own machine runs: another platform is read by its manifest alone.
    # shellcheck disable=SC2046
    for entry in $(! is_native_leaf || echo "$digest") "$leaf"; do
      if pull_folder "$entry"; then return 0; fi
      case "$reason" in *'is not in this bundle'*) return 1 ;; esac
      [ "$entry" != "$leaf" ] || break
    done
  fi
  # docker's form, in which podman takes layers that it cannot read otherwise. It makes a manifest of its own.
  docker_form || return 1
  if stream "$work/all" manifest.json | podman load --quiet >"$work/out" 2>"$work/err"; then
    reason=''
    was_streamed
    return
  fi
  reason=\${reason:-$(reason_said)}
  return 1
}

# pull_folder ENTRY: podman reads a folder of links into the bundle, which keeps manifests as they are.
pull_folder() {
  contents "$1" "$leaf" >"$work/all" || { reason="kit/manifests.tsv does not know $1"; return 1; }
  absent=$(lacking "$work/all")
  [ -z "$absent" ] || { reason="$absent is not in this bundle"; return 1; }
  link_blobs "$work/all" "$work/dir"
  printf 'Directory Transport Version: 1.1\\n' >"$work/dir/version"
  ln -s "../pool/\${leaf#sha256:}" "$work/dir/\${leaf#sha256:}.manifest.json"
  ln -s "../pool/\${1#sha256:}" "$work/dir/manifest.json"
  if ! podman pull --quiet "dir:$work/dir" >"$work/out" 2>"$work/err"; then
    reason=$(last_line "$work/err")
    reason=\${reason#Error: }
    return 1
  fi
  identifier=$(last_line "$work/out")
  [ "\${identifier#sha256:}" = "\${config#sha256:}" ] || { reason="podman took it for $identifier"; return 1; }
  podman tag "$identifier" "$reference" >/dev/null 2>"$work/err" || { reason=$(last_line "$work/err"); return 1; }
}

# docker_form: manifest.json for one image, and the blobs that it needs.
docker_form() {
  contents "$leaf" '' >"$work/all" || { reason="kit/manifests.tsv does not know $leaf"; return 1; }
  absent=$(lacking "$work/all")
  [ -z "$absent" ] || { reason="$absent is not in this bundle"; return 1; }
  printf '[%s]' "$(docker_entry "$leaf" "$reference")" >"$work/stream/manifest.json"
}

advice() { :; }
where_note() { :; }
closing_note() { :; }
`,
  'lib/progress.sh': `# How far a script is, for whoever watches. At a terminal it is one line, which goes when the table comes; in a log, lines.
progress_shown=

# progress TEXT: where it stands.
progress() {
  if [ -t 2 ]; then
    # A line that wraps could not be taken away.
    printf '\\r\\033[K%.78s' "$1" >&2
    progress_shown=yes
  else
    note "$1"
  fi
}
# progress_end: the next line begins at the left.
progress_end() {
  [ -z "$progress_shown" ] || printf '\\r\\033[K' >&2
  progress_shown=
}
# readable BYTES
readable() {
  awk -v n="$1" 'BEGIN {
    split("B KiB MiB GiB TiB", u, " ")
    for (i = 1; n >= 1023.5 && i < 5; i++) n /= 1024
    printf (i > 1 ? "%.1f %s" : "%d %s"), n, u[i]
  }'
}

# result_table FILE…: of lines with a result, a digest, a name and why, the table. A digest is shown as its first twelve
# digits; why stands below, in lines that fit.
result_table() {
  awk -F '\\t' '
    function wide(text, width) { return sprintf("%-" width "s", text) }
    function short(digest) { return digest ~ /^sha256:/ ? substr(digest, 1, 19) : (digest == "" ? "-" : digest) }
    function below(text,    words, count, at, line) {
      while (match(text, /sha256:[0-9a-f]+/) && RLENGTH == 71)
        text = substr(text, 1, RSTART + 18) substr(text, RSTART + 71)
      count = split(text, words, " ")
      line = "   "
      for (at = 1; at <= count; at++) {
        if (length(line) > 4 && length(line) + 1 + length(words[at]) > 80) { print line; line = "   " }
        line = line " " words[at]
      }
      if (count) print line
    }
    BEGIN { a = 6 }
    { result[NR] = $1; digest[NR] = short($2); name[NR] = $3; why[NR] = $4; if (length($1) > a) a = length($1) }
    END {
      print wide("RESULT", a) "  " wide("DIGEST", 19) "  IMAGE"
      for (row = 1; row <= NR; row++) {
        print wide(result[row], a) "  " wide(digest[row], 19) "  " name[row]
        below(why[row])
      }
    }' "$@"
}
`,
  'lib/push-curl.sh': `# A registry by curl alone, as distribution-spec has it. A part of push.sh; not to be run.
#
# Each function of a registry leaves in \`why\` what went wrong, and in \`fault\` which kind of trouble it is.

curl_settings= # lines of curl's configuration for every request
once=          # set for a request that is not sent again
auth_scheme=   # how the registry wants to be logged in to, once it asked: Basic or Bearer
auth_realm= auth_service= token= token_scope=

# The types that a registry may serve a manifest as.
ACCEPT='Accept: application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json'

# curl_begin: sets what all requests have, and asks whether there is a registry.
curl_begin() {
  scheme=https
  [ -z "$plain_http" ] || scheme=http
  origin=$scheme://$address
  curl_settings='silent
show-error
globoff
connect-timeout = 20
speed-limit = 1
speed-time = 300
proto = "=http,https"'
  [ -z "$insecure" ] || curl_settings="$curl_settings
insecure"
  read_certificates
  [ -n "$login" ] || find_login "$address" "$prefix" "$auth_file"
  request '' GET "$origin/v2/" || {
    # Without authorities curl does not get as far as to see who is there.
    [ "$curl_status" -ne 77 ] || curl_call --insecure --head --output /dev/null -- "$origin/" ||
      [ "$curl_status" -ne 35 ] || curl_trouble 35 || :
    return 1
  }
  case $code in
    # A registry may want a token even for a ping, and give none that is of use for anything else.
    200 | 401 | 403) [ "$auth_scheme" != Basic ] || [ "$code" = 200 ] || refused_by 'the login' ;;
    400)
      if grep -q 'HTTP request to an HTTPS server' "$work/body"; then
        trouble tls "$address speaks HTTPS"
      else
        refused_by 'a ping'
      fi
      ;;
    404) trouble none-there "no registry answers at $address: /v2/ is not there" ;;
    *) refused_by 'a ping' ;;
  esac
}

# read_certificates: the authority that was named, and what is set up on this machine for the registry, as skopeo has it.
read_certificates() {
  authorities=$ca
  for file in "/etc/containers/certs.d/$address"/* "/etc/docker/certs.d/$address"/*; do
    { [ -f "$file" ] && [ -r "$file" ]; } || continue
    case $file in
      *.crt)
        [ -z "$ca" ] || continue
        # A file may end without a newline.
        { cat "$file" && printf '\\n'; } >>"$work/authorities"
        authorities=$work/authorities
        ;;
      *.cert)
        # What follows a colon in the name of a certificate is a password to curl.
        [ ! -L "$work/client.cert" ] || continue
        ln -s "$file" "$work/client.cert"
        ln -s "\${file%.cert}.key" "$work/client.key"
        curl_settings="$curl_settings
cert = \\"$(quoted "$work/client.cert")\\"
key = \\"$(quoted "$work/client.key")\\""
        ;;
    esac
  done
  [ -z "$authorities" ] || curl_settings="$curl_settings
cacert = \\"$(quoted "$authorities")\\""
}

# trouble FAULT TEXT: what went wrong. Fails.
trouble() {
  fault=$1 why=$2
  return 1
}

# refused_by WHAT: what the registry said to it, with the code of its answer.
refused_by() {
  said=$(json 'END {
    path = "errors" SUBSEP 0 SUBSEP
    text = V[path "code"] (V[path "message"] == "" ? "" : ": " V[path "message"])
    gsub(/[^ -~]/, " ", text)
    print substr(text, 1, 200)
  }' "$work/body" 2>/dev/null) || said=
  why="$address answers $code to $1\${said:+ ($said)}"
  case $code in
    401) fault=login ;;
    403) fault=denied ;;
    404) fault=missing ;;
    405 | 408 | 413) fault=other ;;
    415) fault=type ;;
    429 | 50[0234]) fault=busy ;;
    4??) fault=refused ;;
    *) fault=other ;;
  esac
  return 1
}

# http METHOD URL [CURL-ARGUMENT…]: one request. Sets \`code\`; its body and headers are $work/body and $work/headers.
# It is sent up to three times where that may help, but for what has \`once\` set.
http() {
  http_tries=1
  while :; do
    http_once "$@" && return 0
    case $fault in cut | busy) ;; *) break ;; esac
    [ -z "$once" ] && [ "$http_tries" -lt 3 ] || break
    sleep "$http_tries"
    http_tries=$((http_tries + 1))
  done
  [ "$fault" = busy ]
}

http_once() {
  http_method=$1 http_url=$2
  shift 2
  case $http_method in
    HEAD) set -- --head "$@" ;;
    GET) ;;
    *) set -- --request "$http_method" "$@" ;;
  esac
  : >"$work/headers"
  : >"$work/body"
  http_authorization=
  case $http_url in
    # A login goes to nobody else.
    "$origin"/*)
      case $auth_scheme in
        Basic) http_authorization=$login ;;
        Bearer) [ -z "$token" ] || http_authorization="header = \\"Authorization: Bearer $token\\"" ;;
      esac
      ;;
  esac
  http_status=0
  curl_call "$@" --output "$work/body" --dump-header "$work/headers" -- "$http_url" || http_status=$?
  read_code
  # What was refused before all of it was sent is an answer, too.
  case $http_status:$code in
    0:429 | 0:50[0234]) refused_by "$http_method \${http_url#"$origin"}" || return 1 ;;
    0:[2-5]?? | 55:4?? | 56:4??) return 0 ;;
  esac
  curl_trouble "$http_status"
}

# read_code: sets \`code\` to that of the last answer in $work/headers; nothing where there is none.
read_code() {
  code=
  while IFS= read -r line; do
    case $line in
      HTTP/*' '[1-5][0-9][0-9]*)
        code=\${line#* }
        code=\${code%"\${code#???}"}
        ;;
    esac
  done <"$work/headers"
}

# curl_call ARGUMENT…: curl, with the login on its standard input. A signal ends it; what it writes is bounded.
curl_call() {
  (
    ulimit -f 16384 2>/dev/null || :
    exec curl -q --config - "$@" 2>"$work/curl" <<END
$curl_settings
$http_authorization
END
  ) &
  child=$!
  curl_status=0
  wait "$child" || curl_status=$?
  child=
  return "$curl_status"
}

# curl_trouble STATUS: why there is no answer, by curl's exit code.
curl_trouble() {
  said=$(sed -n 's/^curl: ([0-9]*) //p' "$work/curl" | head -n 1 | cut -c 1-200)
  case $1 in
    5 | 6) trouble gone "$address cannot be found\${said:+ ($said)}" ;;
    7 | 28) trouble gone "$address does not answer\${said:+ ($said)}" ;;
    35)
      case $said in
        *'wrong version number'* | *'packet length too long'* | *'record layer'* | *'unexpected message'* | *'TLS packet'*)
          trouble plain "$address does not speak HTTPS"
          ;;
        *) trouble other "no HTTPS with $address\${said:+ ($said)}" ;;
      esac
      ;;
    51 | 60) trouble authority "the certificate of $address cannot be checked\${said:+ ($said)}" ;;
    77) trouble authority "curl finds no certificate authorities here\${said:+ ($said)}" ;;
    16 | 18 | 52 | 55 | 56 | 92) trouble cut "$address ended the connection\${said:+ ($said)}" ;;
    *) trouble other "curl ended with $1\${said:+ ($said)}" ;;
  esac
}

# header PATTERN: its value in the last answer, by its name, which a server may write in capitals.
header() {
  header_value=
  while IFS= read -r line; do
    # shellcheck disable=SC2254
    case $line in
      HTTP/*) header_value= ;;
      $1:*)
        header_value=\${line#*:}
        header_value=\${header_value%"$carriage_return"}
        header_value=\${header_value#"\${header_value%%[! $tab]*}"}
        header_value=\${header_value%"\${header_value##*[! $tab]}"}
        ;;
    esac
  done <"$work/headers"
  printf '%s\\n' "$header_value"
}
carriage_return=$(printf '\\r')
LOCATION='[Ll][Oo][Cc][Aa][Tt][Ii][Oo][Nn]'
DIGEST='[Dd][Oo][Cc][Kk][Ee][Rr]-[Cc][Oo][Nn][Tt][Ee][Nn][Tt]-[Dd][Ii][Gg][Ee][Ss][Tt]'

# request SCOPE METHOD URL [CURL-ARGUMENT…]: a request with the login that the registry wants, asked for where it has to be.
request() {
  scope=$1
  shift
  [ "$auth_scheme" != Bearer ] || fetch_token || return 1
  http "$@" || return 1
  [ "$code" = 401 ] || return 0
  # A token may have run out, and a registry that lets anybody read asks when something is written.
  request_had=$auth_scheme:$token:$login
  read_challenge
  [ -n "$login" ] || ask_login "$address" || :
  token_scope=
  case $auth_scheme in
    Bearer) fetch_token || return 1 ;;
    Basic) [ -n "$login" ] || return 0 ;;
    *) return 0 ;;
  esac
  [ "$request_had" != "$auth_scheme:$token:$login" ] || return 0
  http "$@"
}

# read_challenge: how the registry wants to be logged in to.
read_challenge() {
  challenge=$(awk '
    { at = index($0, ":") }
    at && tolower(substr($0, 1, at - 1)) == "www-authenticate" {
      value = substr($0, at + 1)
      gsub(/^[ \\t]+|[ \\t\\r]+$/, "", value)
      split(value, word, " ")
      kind = tolower(word[1])
      if (kind == "bearer" || (kind == "basic" && found == "")) found = kind " " substr(value, length(word[1]) + 2)
    }
    END { print found }' "$work/headers")
  case $challenge in
    basic*) auth_scheme=Basic ;;
    bearer*)
      auth_scheme=Bearer
      auth_realm=$(parameter realm)
      auth_service=$(parameter service)
      ;;
  esac
}

# parameter NAME: of the challenge.
parameter() {
  printf '%s\\n' "$challenge" | sed -n "s/.*[ ,]$1=\\"\\([^\\"]*\\)\\".*/\\1/p"
}

# fetch_token: a token for \`scope\`, kept until another scope is wanted.
fetch_token() {
  [ -z "$token" ] || [ "$token_scope" != "$scope" ] || return 0
  case $auth_realm in
    https://*) ;;
    http://*)
      [ "$scheme" = http ] || trouble other "$address sends for tokens to $auth_realm, by plain HTTP" || return 1
      ;;
    *) trouble other "$address does not say where tokens are" || return 1 ;;
  esac
  token=
  set -- --get
  for one in $scope; do set -- "$@" --data-urlencode "scope=$one"; done
  [ -z "$auth_service" ] || set -- "$@" --data-urlencode "service=$auth_service"
  http_authorization=$login
  : >"$work/body"
  : >"$work/headers"
  if ! curl_call "$@" --output "$work/body" --dump-header "$work/headers" -- "$auth_realm"; then
    curl_trouble "$curl_status" || why="no token from $auth_realm: $why"
    return 1
  fi
  read_code
  if [ "$code" != 200 ]; then
    refused_by 'a request for a token' || why="$why, from $auth_realm"
    [ "$code" != 400 ] || fault=login
    return 1
  fi
  token=$(json 'END { print V["token"] == "" ? V["access_token"] : V["token"] }' "$work/body" 2>/dev/null) || token=
  case $token in
    '' | *[!A-Za-z0-9._~+/=-]*)
      token=
      trouble other "what $auth_realm sends is not a token" || return 1
      ;;
  esac
  token_scope=$scope
}

# scope_of REPOSITORY: what may be done there, in the words of tokens.
scope_of() { printf 'repository:%s:pull,push' "$1"; }

# curl_tag REPOSITORY REFERENCE: sets \`there\` to its digest; empty where it is not there.
curl_tag() {
  there=
  request "$(scope_of "$1")" HEAD "$origin/v2/$1/manifests/$2" --header "$ACCEPT" || return 1
  case $code in
    200) ;;
    404) return 0 ;;
    *) refused_by "the question for $2" || return 1 ;;
  esac
  there=$(header "$DIGEST")
  is_digest "$there" || curl_read "$1" "$2"
}

# curl_read REPOSITORY REFERENCE: the bytes of a manifest, in $work/body, and their digest in \`there\`.
curl_read() {
  there=
  request "$(scope_of "$1")" GET "$origin/v2/$1/manifests/$2" --header "$ACCEPT" --location || return 1
  case $code in
    200) there=sha256:$(hash_of "$work/body") ;;
    404) ;;
    *) refused_by "the question for $2" ;;
  esac
}

# curl_leaf REPOSITORY DIGEST [TAG]: sends what an image or artifact needs, then its manifest.
curl_leaf() {
  curl_blobs "$1" "$2" || return 1
  curl_manifest "$@" && return 0
  # A registry that remembers what was collected says that it has a blob, until a manifest names it.
  case $said in *BLOB_UNKNOWN*) ;; *) return 1 ;; esac
  content_of "$2" | awk '!seen[$0]++' >"$work/lacking"
  while IFS= read -r blob <&3; do
    rm -f "$work/at/\${blob#sha256:}"
    curl_blob "$1" "$blob" || return 1
  done 3<"$work/lacking"
  curl_manifest "$@"
}

# curl_index REPOSITORY DIGEST [TAG]: what it lists is there.
curl_index() {
  curl_manifest "$@"
}

curl_manifest() {
  request "$(scope_of "$1")" PUT "$origin/v2/$1/manifests/\${3:-$2}" --upload-file "$(file_of "$2")" \\
    --header "Content-Type: $(type_of "$2")" || return 1
  case $code in 201 | 200 | 202) ;; *) refused_by "the manifest $(short "$2")" ;; esac
}

# curl_blobs REPOSITORY DIGEST: all that a manifest names, each where it is not there.
curl_blobs() {
  content_of "$2" | awk '!seen[$0]++' >"$work/blobs"
  : >"$work/lacking"
  while :; do
    head -n 100 "$work/blobs" >"$work/asked"
    [ -s "$work/asked" ] || break
    sed 1,100d "$work/blobs" >"$work/rest"
    mv "$work/rest" "$work/blobs"
    curl_lacking "$1"
  done
  while IFS= read -r blob <&3; do
    curl_blob "$1" "$blob" || return 1
  done 3<"$work/lacking"
}

# curl_lacking REPOSITORY: which of the digests in $work/asked are not there, by one run of curl. Whatever is no clear yes
# is sent.
curl_lacking() {
  scope=$(scope_of "$1")
  [ "$auth_scheme" != Bearer ] || fetch_token || :
  case $auth_scheme in
    Basic) http_authorization=$login ;;
    Bearer) http_authorization=\${token:+"header = \\"Authorization: Bearer $token\\""} ;;
    *) http_authorization= ;;
  esac
  while IFS= read -r blob; do
    printf '%s/v2/%s/blobs/%s\\n' "$origin" "$1" "$blob"
  done <"$work/asked" | sed 's/.*/url = "&"\\noutput = "\\/dev\\/null"/' >"$work/urls"
  curl_call --head --location --config "$work/urls" --write-out '%{http_code}\\n' >"$work/codes" || :
  paste_codes "$1"
}

paste_codes() {
  while IFS= read -r blob <&3; do
    IFS= read -r code <&4 || code=
    if [ "$code" = 200 ]; then printf '%s\\n' "$1" >"$work/at/\${blob#sha256:}"; else printf '%s\\n' "$blob" >>"$work/lacking"; fi
  done 3<"$work/asked" 4<"$work/codes"
}

# curl_blob REPOSITORY DIGEST: takes a blob from another repository of the registry, or sends its bytes.
curl_blob() {
  blob_hex=\${2#sha256:}
  scope=$(scope_of "$1")
  uploads=$origin/v2/$1/blobs/uploads/
  blob_from=
  [ ! -f "$work/at/$blob_hex" ] || IFS= read -r blob_from <"$work/at/$blob_hex"
  if [ -n "$blob_from" ] && [ "$blob_from" != "$1" ]; then
    request "$scope repository:$blob_from:pull" POST "$uploads?mount=$2&from=$blob_from" --data '' || return 1
    [ "$code" != 201 ] || return 0
    # Where one may write and not read, for example, it is sent.
    if [ "$code" = 202 ]; then upload_url=$(place_of "$(header "$LOCATION")"); else upload_url=; fi
  else
    upload_url=
  fi
  is_whole "$2" || return 1
  blob_tries=1
  while :; do
    curl_upload "$1" "$2" && break
    case $fault:$blob_tries in cut:[12] | busy:[12]) sleep "$blob_tries" ;; lost:1) ;; *) return 1 ;; esac
    progress "  $why; once more"
    blob_tries=$((blob_tries + 1))
    upload_url=
  done
  printf '%s\\n' "$1" >"$work/at/$blob_hex"
}

# curl_upload REPOSITORY DIGEST: as docker does: begins, sends all bytes, ends.
curl_upload() {
  scope=$(scope_of "$1")
  if [ -z "$upload_url" ]; then
    request "$scope" POST "$uploads" --data '' || return 1
    [ "$code" = 202 ] || refused_by "an upload to $1" || return 1
    upload_url=$(place_of "$(header "$LOCATION")")
  fi
  [ -n "$upload_url" ] || trouble other "$address does not say where an upload to $1 goes on, or sends it to plain HTTP" ||
    return 1
  blob_file=$(file_of "$2")
  announce "$2" "$blob_file"
  # Bytes go on from a new place, not from where they were sent to.
  once=yes
  curl_bytes "$2"
  upload_status=$?
  once=
  return "$upload_status"
}

curl_bytes() {
  upload_begun=$(date +%s)
  http PATCH "$upload_url" --upload-file "$blob_file" --header 'Content-Type: application/octet-stream' || {
    [ "$fault" != cut ] || [ $(($(date +%s) - upload_begun)) -lt 50 ] || fault=minute
    return 1
  }
  case $code in
    201 | 202 | 204) ;;
    # The token ran out, or the upload is not known any more: another one is begun.
    401 | 404 | 416) refused_by "the bytes of $(short "$1")" || fault=lost && return 1 ;;
    *) refused_by "the bytes of $(short "$1")" || return 1 ;;
  esac
  upload_next=$(header "$LOCATION")
  [ -z "$upload_next" ] || upload_url=$(place_of "$upload_next")
  case $upload_url in *\\?*) upload_end="$upload_url&digest=$1" ;; *) upload_end="$upload_url?digest=$1" ;; esac
  http PUT "$upload_end" --data '' --header 'Content-Type: application/octet-stream' || return 1
  case $code in
    201 | 204) ;;
    401 | 404) refused_by "the end of $(short "$1")" || fault=lost && return 1 ;;
    *) refused_by "the end of $(short "$1")" ;;
  esac
}

# place_of LOCATION: the address that an answer names; nothing where it goes from HTTPS to plain HTTP.
place_of() {
  case $1 in
    *[!A-Za-z0-9._~:/?#@!\\$\\&\\'\\(\\)*+,\\;=%\\[\\]-]*) ;;
    https://*) printf '%s\\n' "$1" ;;
    http://*) [ "$scheme" = https ] || printf '%s\\n' "$1" ;;
    //*) printf '%s:%s\\n' "$scheme" "$1" ;;
    /*) printf '%s%s\\n' "$origin" "$1" ;;
  esac
}
`,
  'lib/push-json.sh': `# Reads JSON with awk alone. A part of push.sh; not to be run.
#
# json PROGRAM FILE [NAME=VALUE…]: runs an awk program whose END finds the text in J and, by path (the keys from the top,
# each after SUBSEP; elements of an array by their number from 0): V the texts of strings, numbers and words, A and Z where
# a value begins in J and where it has ended, N the number of an array's elements. It fails where the file is not JSON, or
# has a key twice.
json() {
  json_program=$1 json_file=$2
  shift 2
  [ "$(wc -c <"$json_file")" -le 8388608 ] || return 1
  set -- "$@" -
  awk "$json_parser $json_program" "$@" <"$json_file"
}

json_parser='
function json_space() { while (i <= n && index(" \\t\\r\\n", substr(J, i, 1))) i++ }
function json_string(   from, c, text) {
  for (from = ++i; i <= n; i++) {
    c = substr(J, i, 1)
    if (c == "\\"") {
      text = text substr(J, from, i - from)
      i++
      return text
    }
    if (c == "\\\\") {
      text = text substr(J, from, i - from)
      c = substr(J, ++i, 1)
      if (c == "u") { text = text "\\\\"; from = i; continue }
      if (c == "n") c = "\\n"
      else if (c == "t") c = "\\t"
      else if (c == "r") c = "\\r"
      else if (c == "b") c = "\\b"
      else if (c == "f") c = "\\f"
      else if (c != "\\"" && c != "\\\\" && c != "/") bad = 1
      text = text c
      from = i + 1
    }
  }
  bad = 1
}
function json_value(path, depth,   begin, c, key, count, from) {
  if (depth > 60 || path in A) bad = 1
  if (bad) return
  json_space()
  begin = i
  c = substr(J, i, 1)
  if (i > n) bad = 1
  else if (c == "\\"") V[path] = json_string()
  else if (c == "{" || c == "[") {
    i++
    json_space()
    count = 0
    if (substr(J, i, 1) == (c == "{" ? "}" : "]")) i++
    else for (;;) {
      key = count
      if (c == "{") {
        json_space()
        if (substr(J, i, 1) != "\\"") bad = 1
        else key = json_string()
        json_space()
        if (substr(J, i++, 1) != ":") bad = 1
      }
      if (bad) return
      json_value(path == "" ? key : path SUBSEP key, depth + 1)
      if (bad) return
      count++
      json_space()
      from = substr(J, i++, 1)
      if (from == (c == "{" ? "}" : "]")) break
      if (from != ",") { bad = 1; return }
    }
    if (c == "[") N[path] = count
  } else {
    while (i <= n && substr(J, i, 1) ~ /[-+.0-9A-Za-z]/) i++
    V[path] = substr(J, begin, i - begin)
    if (V[path] !~ /^(true|false|null|-?[0-9][-+.0-9eE]*)$/) bad = 1
  }
  A[path] = begin
  Z[path] = i
}
function json_raw(path) { return path in A ? substr(J, A[path], Z[path] - A[path]) : "" }
{ J = J (NR > 1 ? "\\n" : "") $0 }
END {
  i = 1
  n = length(J)
  json_value("", 0)
  json_space()
  if (bad || i <= n) exit 1
}
'
`,
  'lib/push-login.sh': `# The login for a registry: from a file, from the files that skopeo reads, or asked for. A part of push.sh; not to be run.
# It stays in variables of this shell, and goes to curl by standard input: never in an argument, never to the terminal.

# A variable that comes from the environment goes on into that of other programs.
unset login login_user login_password login_line login_found token http_authorization

login=       # what curl is told: a line of its configuration
login_user=  # where a name and a password were given, these
login_password=
login_asked=

# login_by_name NAME PASSWORD
login_by_name() {
  login_user=$1 login_password=$2
  login="user = \\"$(quoted "$1:$2")\\""
}

# quoted TEXT: between the quotes of curl's configuration.
quoted() {
  printf '%s\\n' "$1" | sed 's/["\\\\]/\\\\&/g'
}

# read_login FILE: one line NAME:PASSWORD; \`-\` is standard input.
read_login() {
  login_line=
  if [ "$1" = - ]; then
    IFS= read -r login_line || [ -n "$login_line" ] || refuse 'standard input has no line NAME:PASSWORD'
  else
    { [ -f "$1" ] && [ -r "$1" ]; } || refuse "$1 is not a file that can be read"
    IFS= read -r login_line <"$1" || [ -n "$login_line" ] || refuse "$1 has no line NAME:PASSWORD"
  fi
  login_line=\${login_line%"$(printf '\\r')"}
  case $login_line in
    :* | *:) refuse "what --user-from names has no line NAME:PASSWORD" ;;
    *:*) login_by_name "\${login_line%%:*}" "\${login_line#*:}" ;;
    *) refuse "what --user-from names has no line NAME:PASSWORD" ;;
  esac
  login_line=
}

# find_login ADDRESS PREFIX [FILE]: looks for a login where skopeo does; the first file that has one counts.
find_login() {
  login_keys=
  login_below=$1\${2:+/$2}
  while :; do
    login_keys="$login_keys $login_below"
    case $login_below in */*) login_below=\${login_below%/*} ;; *) break ;; esac
  done
  if [ -n "\${3-}" ]; then
    login_in "$3" || :
  elif [ -n "\${REGISTRY_AUTH_FILE-}" ]; then
    login_in "$REGISTRY_AUTH_FILE" || :
  else
    login_folder
    login_in "$login_run/auth.json" ||
      login_in "\${XDG_CONFIG_HOME:-\${HOME-}/.config}/containers/auth.json" ||
      login_in "\${DOCKER_CONFIG:-\${HOME-}/.docker}/config.json" || :
  fi
}

# login_folder: where logins of a session are.
login_folder() {
  if [ -n "\${XDG_RUNTIME_DIR-}" ]; then login_run=$XDG_RUNTIME_DIR/containers; else login_run=/run/containers/$(id -u); fi
}

# login_in FILE: the login that a file has for one of \`login_keys\`, the longest first.
login_in() {
  { [ -f "$1" ] && [ -r "$1" ]; } || return 1
  login_found=$(json 'END {
    count = split(keys, wanted, " ")
    for (path in A) {
      split(path, part, SUBSEP)
      key = part[2]
      sub(/^https?:\\/\\//, "", key)
      sub(/\\/v[12]\\/?$/, "", key)
      sub(/\\/$/, "", key)
      if (part[1] == "auths" && part[3] == "auth") auth[key] = V[path]
      if (part[1] == "auths" && part[3] == "identitytoken" && V[path] != "") token[key] = 1
      if (part[1] == "auths" && part[3] == "") listed[key] = 1
      if (part[1] == "credHelpers" && part[3] == "") helper[key] = V[path]
    }
    for (at = 1; at <= count; at++) {
      key = wanted[at]
      if (key in helper) { print "helper " helper[key]; exit }
      if (key in token) { print "token"; exit }
      if (auth[key] != "") { print "auth " auth[key]; exit }
      if ((key in listed) && V["credsStore"] != "") { print "helper " V["credsStore"]; exit }
    }
  }' "$1" keys="$login_keys") || {
    note "note: $1 is not JSON that can be read; no login is taken from it"
    return 1
  }
  case $login_found in
    'auth '*[!A-Za-z0-9+/=]*) note "note: $1 has a login that is not in base64" && return 1 ;;
    'auth '*) login="header = \\"Authorization: Basic \${login_found#auth }\\"" ;;
    helper*) note "note: $1 keeps the login in another program, which skopeo asks and curl does not; --user-from gives one" ;;
    token) note "note: $1 has a token in place of a password, which skopeo uses and curl does not; --user-from gives one" ;;
    *) return 1 ;;
  esac
  login_found=
}

# ask_login ADDRESS: asks for a login, once, where somebody is at the terminal.
ask_login() {
  [ -z "$login_asked" ] && [ -t 0 ] && [ -t 2 ] || return 1
  login_asked=yes
  progress_end
  printf 'User name at %s: ' "$1" >&2
  IFS= read -r login_user || return 1
  [ -n "$login_user" ] || return 1
  printf 'Password: ' >&2
  login_stty=
  ! has stty || login_stty=$(stty -g)
  [ -z "$login_stty" ] || stty -echo
  IFS= read -r login_password || login_password=
  [ -z "$login_stty" ] || stty "$login_stty"
  login_stty=
  note
  login_by_name "$login_user" "$login_password"
}
`,
  'lib/push-referrers.sh': `# Signatures, SBOMs and other referrers of images that are pushed. A part of push.sh; not to be run.

curl_why=
lists_referrers= # whether curl can ask the registry which it lists: yes or no, once that is known

# push_referrers REPOSITORY PATH DIGEST: sends those of what is at the registry's PATH with a digest, each after what it
# refers to; of what the registry has not, as an index in place of which it has a narrowed one, none can be sent.
push_referrers() {
  grep -q "^$1$tab" "$work/referrers" || return 0
  if [ "$3" != "$image_digest" ]; then
    left_out=$(awk -F "$tab" -v repository="$1" -v subject="$image_digest" \\
      '$1 == repository && $2 == subject { count++ } END { print count + 0 }' "$work/referrers")
    [ "$left_out" -eq 0 ] ||
      tell "$item: $left_out signatures and other referrers of the whole index are left out, since they fit no other"
  fi
  tree_of "$3" >"$work/tree"
  awk -F "$tab" -v OFS="$tab" -v repository="$1" '
    FILENAME != last { last = FILENAME; file++ }
    file == 1 { subject[++count] = $1; is[$1] = 1; next }
    $1 == repository { all++; of[all] = $2; digest[all] = $3; tag[all] = $4 }
    END {
      for (at = 1; at <= count; at++)
        for (one = 1; one <= all; one++)
          if (of[one] == subject[at]) {
            print of[one], digest[one], tag[one]
            sent++
            if (!(digest[one] in is)) { is[digest[one]] = 1; subject[++count] = digest[one] }
          }
    }' "$work/tree" "$work/referrers" >"$work/own"
  cut -f 1 "$work/own" | awk '!seen[$0]++' >"$work/subjects"
  while IFS= read -r subject <&7; do
    push_listed "$2" "$subject" || return 1
    awk -F "$tab" -v subject="$subject" '$1 == subject && $3 != "-" { print $2 "\\t" $3 }' "$work/own" >"$work/tagged"
    while IFS=$tab read -r referrer referrer_tag <&8; do
      push_tagged "$2" "$referrer" "$referrer_tag" || return 1
    done 8<"$work/tagged"
  done 7<"$work/subjects"
}

# tell TEXT: in the end, once.
tell() {
  grep -Fqx -e "note: $1" "$work/notes" 2>/dev/null || printf 'note: %s\\n' "$1" >>"$work/notes"
}

# push_listed PATH SUBJECT: the referrers that name their subject; registries list them, or an index under a tag does.
push_listed() {
  awk -F "$tab" -v subject="$2" '$1 == subject && !seen[$2]++ { print $2 }' "$work/own" >"$work/named"
  : >"$work/naming"
  while IFS= read -r referrer <&8; do
    is_whole "$referrer" || return 1
    named=$(json 'END { print V["subject" SUBSEP "digest"] }' "$(file_of "$referrer")") || named=
    [ "$named" != "$2" ] || printf '%s\\n' "$referrer" >>"$work/naming"
  done 8<"$work/named"
  [ -s "$work/naming" ] || return 0
  if ! can_list; then
    while IFS= read -r referrer <&8; do push_referrer "$1" "$referrer" || return 1; done 8<"$work/naming"
    tell "whether $address lists the signatures and other referrers that were sent is not known: curl did not ask\${curl_why:+ ($curl_why)}"
    return 0
  fi
  listed_at "$1" "$2" || return 1
  lacking_here
  while IFS= read -r referrer <&8; do push_referrer "$1" "$referrer" || return 1; done 8<"$work/lacks"
  [ -s "$work/lacks" ] || return 0
  if [ -n "$has_list" ]; then
    listed_at "$1" "$2" || return 1
    lacking_here
    [ ! -s "$work/lacks" ] || tell "$address does not list all referrers of $2 that were sent"
    return 0
  fi
  index_tries=1
  while [ -s "$work/lacks" ]; do
    [ "$index_tries" -le 3 ] ||
      trouble other "the tag $index_tag does not keep the referrers that were sent: something else writes to it" || return 1
    index_tries=$((index_tries + 1))
    write_index || trouble other "what is under the tag $index_tag is no index of referrers: it is left as it is" || return 1
    request "$(scope_of "$1")" PUT "$origin/v2/$1/manifests/$index_tag" --upload-file "$work/index" \\
      --header "Content-Type: $index_type" || return 1
    case $code in 201 | 200 | 202) ;; *) refused_by "the tag $index_tag" || return 1 ;; esac
    listed_at "$1" "$2" || return 1
    lacking_here
  done
}

# can_list: whether curl can ask the registry.
can_list() {
  if [ -z "$lists_referrers" ]; then
    lists_referrers=no
    if [ "$engine" = curl ]; then
      lists_referrers=yes
    elif ! has curl; then
      curl_why='it is not here'
    elif curl_begin; then
      lists_referrers=yes
    else
      curl_why=$why
    fi
    fault=
  fi
  [ "$lists_referrers" = yes ]
}

# listed_at PATH SUBJECT: what the registry lists, into $work/listed. \`has_list\`: whether it has a list of its own;
# otherwise \`index_tag\` stands in for it, and $work/there is what is under that, or empty.
listed_at() {
  has_list= index_tag=sha256-\${2#sha256:} index_type=application/vnd.oci.image.index.v1+json
  request "$(scope_of "$1")" GET "$origin/v2/$1/referrers/$2" --location || return 1
  case $code in
    200) digests_in "$work/body" && has_list=yes && return 0 ;;
    40[0345] | 5??) ;;
    *) refused_by 'the question for referrers' || return 1 ;;
  esac
  curl_read "$1" "$index_tag" || return 1
  : >"$work/listed"
  : >"$work/there"
  [ -n "$there" ] || return 0
  cp "$work/body" "$work/there"
  digests_in "$work/there" || trouble other "what is under the tag $index_tag is no index: it is left as it is"
}

digests_in() {
  json 'END {
    if (!("manifests" in N)) exit 1
    for (at = 0; at < N["manifests"]; at++) print V["manifests" SUBSEP at SUBSEP "digest"]
  }' "$1" >"$work/listed" 2>/dev/null
}

lacking_here() {
  awk '{ if (listing) is[$0] = 1; else if (!($0 in is)) print }' \\
    listing=1 "$work/listed" listing= "$work/naming" >"$work/lacks"
}

push_referrer() {
  send "$@" || return 1
  referrers_sent=$((referrers_sent + 1))
}

# write_index: the index that stands in for a list, with those that it lacks. What others wrote into it stays as it is.
write_index() {
  : >"$work/entries"
  while IFS= read -r referrer <&8; do
    json 'END {
      type = json_raw("artifactType")
      if (type == "" || type == "\\"\\"") type = json_raw("config" SUBSEP "mediaType")
      notes = json_raw("annotations")
      printf "{\\"mediaType\\":\\"%s\\",\\"digest\\":\\"%s\\",\\"size\\":%s%s%s}\\n", media, digest, size,
        (type ~ /^"./ ? ",\\"artifactType\\":" type : ""), (substr(notes, 1, 1) == "{" ? ",\\"annotations\\":" notes : "")
    }' "$(file_of "$referrer")" media="$(type_of "$referrer")" digest="$referrer" size="$(manifest_field "$referrer" 3)" |
      tr '\\n' ' ' >>"$work/entries" || return 1
    printf '\\n' >>"$work/entries"
  done 8<"$work/lacks"
  [ -s "$work/there" ] ||
    printf '{"schemaVersion":2,"mediaType":"%s","manifests":[]}\\n' "$index_type" >"$work/there"
  json 'END {
    if (!("manifests" in N)) exit 1
    while ((getline line < entries) > 0) more = more (more == "" ? "" : ",") line
    at = Z["manifests"] - 1
    printf "%s%s%s%s", substr(J, 1, at - 1), (N["manifests"] > 0 ? "," : ""), more, substr(J, at)
  }' "$work/there" entries="$work/entries" >"$work/index"
}

# push_tagged PATH DIGEST TAG: what cosign keeps under a tag. One that holds what is not here is the registry's own.
push_tagged() {
  "\${engine}_tag" "$1" "$3" || return 1
  [ "$there" != "$2" ] || return 0
  if [ -n "$there" ]; then
    if [ -n "$keep" ] || ! includes "$1" "$2" "$3"; then
      tell "$address/$1:$3 has $(short "$there") there, with what is not here: it is left as it is"
      return 0
    fi
  fi
  push_referrer "$@"
}

# includes PATH DIGEST TAG: whether all layers of what is there under the tag are those of what is here.
includes() {
  "\${engine}_read" "$1" "$3" || return 1
  includes_file=$work/body
  [ "$engine" = curl ] || includes_file=$work/out
  json 'END {
    if (!("layers" in N)) exit 1
    for (at = 0; at < N["layers"]; at++) print V["layers" SUBSEP at SUBSEP "digest"]
  }' "$includes_file" >"$work/theirs" || return 1
  content_of "$2" >"$work/ours"
  while IFS= read -r includes_blob; do
    grep -Fqx -e "$includes_blob" "$work/ours" || return 1
  done <"$work/theirs"
}
`,
  'lib/push-skopeo.sh': `# A registry by skopeo, from 1.6 on. A part of push.sh; not to be run.
#
# skopeo below 1.19 reads no Docker images out of an OCI layout, and no skopeo copies an index of indexes or one of which
# children are absent. So each image is shown to it alone, as \`dir:\` with links into the bundle, and indexes after that
# without what they list (\`--multi-arch index-only\`).

# skopeo_begin: sets what all calls have.
skopeo_begin() {
  skopeo_verify=tls-verify=true
  [ -z "$plain_http$insecure" ] || skopeo_verify=tls-verify=false
  if [ -n "$ca" ]; then
    mkdir "$work/certs"
    cp "$ca" "$work/certs/ca.crt"
  fi
  skopeo_file=$auth_file
  # Where the user has no folder of a session, skopeo fails at the one that it may not read. It looks at home after that.
  login_folder
  if [ ! -r "$login_run/auth.json" ]; then
    XDG_RUNTIME_DIR=$work
    export XDG_RUNTIME_DIR
  fi
  [ -z "$login_user" ] || skopeo_login
}

# skopeo_login: gives skopeo the name and the password in a file of this run. They are checked by that.
skopeo_login() {
  skopeo_file=$work/auth.json
  set -- login "--$skopeo_verify" --authfile "$skopeo_file" --username "$login_user" --password-stdin
  [ -z "$ca" ] || set -- "$@" --cert-dir "$work/certs"
  skopeo_call "$@" -- "$address" <<END || skopeo_trouble 'the login'
$login_password
END
}

# skopeo_call ARGUMENT…: skopeo with this standard input. A signal ends it.
skopeo_call() {
  # What runs beside the shell has no standard input of its own.
  {
    skopeo "$@" <&3 3<&- >"$work/out" 2>"$work/skopeo" &
    child=$!
  } 3<&0
  skopeo_status=0
  wait "$child" || skopeo_status=$?
  child=
  return "$skopeo_status"
}

# skopeo_trouble WHAT: what went wrong, by what skopeo wrote.
skopeo_trouble() {
  said=$(sed -n 's/.*level=fatal msg="\\(.*\\)"$/\\1/p' "$work/skopeo" | tail -n 1)
  [ -n "$said" ] || said=$(tail -n 1 "$work/skopeo")
  said=$(printf '%s\\n' "$said" | sed 's/\\\\"/"/g' | tr -d '\\000-\\037\\177-\\377' | cut -c 1-400)
  why="skopeo, $1: $said"
  case $said in
    *auth.json*'permission denied'* | *config.json*'permission denied'*) fault=unreadable ;;
    *'gave HTTP response to HTTPS client'*) fault=plain why="$address does not speak HTTPS" ;;
    *'HTTP request to an HTTPS server'*) fault=tls why="$address speaks HTTPS" ;;
    *x509:* | *'certificate signed by'*) fault=authority ;;
    *'connection refused'* | *'no such host'* | *'no route to host'* | *'network is unreachable'* | *'i/o timeout'*)
      fault=gone
      ;;
    *'unauthorized'* | *'authentication required'* | *'invalid username/password'* | *'unable to retrieve auth token'*)
      fault=login
      ;;
    *denied* | *orbidden*) fault=denied ;;
    *'anifest unknown'* | *'name unknown'* | *NAME_UNKNOWN* | *'name not known'* | *'not found'* | *'status 404'*)
      fault=missing
      ;;
    *'use of closed network connection'* | *'broken pipe'* | *'connection reset'* | *EOF*) fault=cut ;;
    *'Digest did not match'* | *'no such file'*) fault=damaged ;;
    *'anifest invalid'* | *'must be converted to type'*) fault=refused ;;
    *) fault=other ;;
  esac
  return 1
}

skopeo_to() {
  if [ -n "$3" ]; then printf 'docker://%s/%s:%s' "$address" "$1" "$3"; else printf 'docker://%s/%s@%s' "$address" "$1" "$2"; fi
}

# skopeo_tag REPOSITORY REFERENCE: sets \`there\` to the digest of what it has, read whole; empty where it is not there.
skopeo_tag() {
  there=
  case $2 in sha256:*) skopeo_from="docker://$address/$1@$2" ;; *) skopeo_from="docker://$address/$1:$2" ;; esac
  set -- inspect --raw "--$skopeo_verify"
  [ -z "$skopeo_file" ] || set -- "$@" --authfile "$skopeo_file"
  [ -z "$ca" ] || set -- "$@" --cert-dir "$work/certs"
  if skopeo_call "$@" "$skopeo_from" </dev/null; then
    there=sha256:$(hash_of "$work/out")
    return 0
  fi
  skopeo_trouble "the question for \${skopeo_from#docker://}" || :
  [ "$fault" = missing ]
}

skopeo_read() { skopeo_tag "$@"; }

# skopeo_leaf REPOSITORY DIGEST [TAG]: sends an image or artifact.
skopeo_leaf() {
  skopeo_view "$2"
  skopeo_copy "$1" "$2" "\${3-}"
}

# skopeo_index REPOSITORY DIGEST [TAG]: what it lists is there.
#
# skopeo reads and writes an index anew, and refuses one of which it does not know every field: an earlier one does not know
# artifactType. curl sends the bytes as they are.
skopeo_index() {
  skopeo_view "$2"
  skopeo_copy "$1" "$2" "\${3-}" --multi-arch index-only && return 0
  case $said in *'must be converted to type'*) ;; *) return 1 ;; esac
  has curl || {
    fault=rewritten
    return 1
  }
  fault='' why=
  [ -n "$curl_settings" ] || curl_begin || return 1
  curl_index "$@"
}

skopeo_copy() {
  skopeo_name="$(short "$2")"
  skopeo_target=$(skopeo_to "$1" "$2" "$3")
  shift 3
  set -- --insecure-policy copy --preserve-digests "--dest-$skopeo_verify" "$@"
  [ -z "$skopeo_file" ] || set -- "$@" --dest-authfile "$skopeo_file"
  [ -z "$ca" ] || set -- "$@" --dest-cert-dir "$work/certs"
  announce "$skopeo_name" "$work/view"
  copy_begun=$(date +%s)
  skopeo_call "$@" "dir:$work/view" "$skopeo_target" </dev/null || {
    skopeo_trouble "$skopeo_name" || :
    [ "$fault" != cut ] || [ $(($(date +%s) - copy_begun)) -lt 50 ] || fault=minute
    return 1
  }
}

# skopeo_view DIGEST: one manifest as a folder of links, in the form of skopeo's \`dir:\`.
skopeo_view() {
  rm -rf "$work/view"
  mkdir "$work/view"
  printf 'Directory Transport Version: 1.1\\n' >"$work/view/version"
  ln -s "$(file_of "$1")" "$work/view/manifest.json"
  content_of "$1" | while IFS= read -r blob; do
    [ -L "$work/view/\${blob#sha256:}" ] || ln -s "$(file_of "$blob")" "$work/view/\${blob#sha256:}"
  done
}
`,
  'lib/serve-client.sh': `# How a script asks a registry for a manifest, with whatever this machine has. Sourced after common.sh.
#
#   choose_client http|https     sets \`client\`: curl, wget (GNU or busybox), openssl, skopeo; empty where nothing can
#   "ask_$client" URL            of …/v2/NAME/manifests/TAG: sets \`answered\` to the status, empty where there was no
#                                response; the bytes of a 200 are in the file \`$answer\`
#   run COMMAND…                 in the background: a signal ends it at once, where a shell would wait for its end
#
# Only for a registry that the script itself has started: certificates are not checked.

# Not every sleep knows parts of a second.
if sleep 0.01 2>/dev/null; then tick=0.1 ticks=10; else tick=1 ticks=1; fi
pause() { sleep "$tick"; }

child=
run() {
  "$@" &
  child=$!
  await_child
}
await_child() {
  wait "$child" && result=0 || result=$?
  child=
  return "$result"
}
# within COMMAND…: as \`run\`, for at most ten seconds: not every client has a bound of its own.
within() {
  "$@" &
  child=$!
  left=$((10 * ticks))
  while kill -0 "$child" 2>/dev/null; do
    if [ "$left" -eq 0 ]; then kill "$child" 2>/dev/null || :; fi
    left=$((left - 1))
    pause
  done
  await_child
}

temporary
answer=$work/answer answered=
: >"$answer"
# What is started here is not reached through a proxy.
unset http_proxy HTTP_PROXY https_proxy HTTPS_PROXY all_proxy ALL_PROXY

choose_client() {
  client='' wget_options=''
  if has curl; then
    client=curl
  elif has wget && wget --version 2>/dev/null | grep -q GNU; then
    client=wget wget_options='--tries=1 --timeout=9 --no-check-certificate'
  elif [ "$1" = http ] && has wget; then
    client=wget
  elif [ "$1" = https ] && has openssl; then
    # The TLS of busybox wget knows no cipher that zot takes.
    client=openssl
  elif has skopeo; then
    client=skopeo
  fi
}

# status_in FILE: the last status of HTTP in it.
status_in() { sed -n 's/.*HTTP\\/1\\.[01]  *\\([1-5][0-9][0-9]\\).*/\\1/p' "$1" | tail -n 1; }

ask_curl() {
  within curl -q -k -s -o "$answer" -w '%{http_code}\\n' --noproxy '*' --max-time 9 "$1" >"$work/status" || :
  answered=$(cat "$work/status")
  [ "$answered" != 000 ] || answered=
}

ask_wget() {
  # What the user has configured could send it elsewhere. An empty file: GNU wget refuses /dev/null.
  : >"$work/wgetrc"
  # shellcheck disable=SC2086
  WGETRC=$work/wgetrc within wget $wget_options -S -O "$answer" "$1" >/dev/null 2>"$work/status" || :
  answered=$(status_in "$work/status")
}

ask_openssl() {
  address=\${1#*://}
  printf 'GET /%s HTTP/1.0\\r\\nHost: %s\\r\\n\\r\\n' "\${address#*/}" "\${address%%/*}" >"$work/request"
  within tls_exchange "\${address%%/*}" 2>/dev/null || :
  head -n 1 "$work/response" >"$work/status"
  answered=$(status_in "$work/status")
  body=$(awk '{ at += length($0) + 1 } /^\\r$/ { print at + 1; exit }' "$work/response")
  [ -z "$body" ] || tail -c "+$body" "$work/response" >"$answer"
}
tls_exchange() { exec openssl s_client -quiet -connect "$1" <"$work/request" >"$work/response"; }

ask_skopeo() {
  address=\${1#*://}
  address=\${address%/manifests/*}:\${1##*/manifests/}
  answered=
  if within skopeo --insecure-policy inspect --raw --no-creds --tls-verify=false \\
    "docker://\${address%%/*}/\${address#*/v2/}" >"$answer" 2>"$work/status"; then
    answered=200
  elif grep -qi 'unauthorized\\|authentication required' "$work/status"; then
    answered=401
  fi
}
`,
  'lib/serve-root.sh': `# Which repositories of registry/ are whole, and a root for zot that is made of links to them. Sourced after common.sh; the
# scripts set \`served\`, the path of registry/ from which is served.

# find_repositories: compares what each repository of the two tables has to have with what is there. Prints lines:
#   own REPOSITORY    its blobs stand in it
#   pool REPOSITORY   they stand in blobs/ alone: on a medium without hard links, or where only that was unpacked
#   lack REPOSITORY: WHAT
find_repositories() {
  {
    (cd -- "$served" && find -L . -type f) || :
    say '#pool'
    [ ! -d "$bundle/blobs" ] || (cd -- "$bundle/blobs" && find -L . -type f) || :
  } | awk -F "$tab" '
    FNR == 1 { part++ }
    part == 1 { if (!/^#/ && $4 != "-") content[$1] = $4; next }
    part == 2 {
      if (/^#/) next
      if ($8 !~ /^[a-z0-9][a-z0-9._\\/-]*$/ || $8 ~ /(^|\\/)\\.\\.?(\\/|$)/) { print "lack", $8 ": a name that no registry takes"; next }
      if (!($8 in wanted)) order[++count] = $8
      wanted[$8] = wanted[$8] " " $3 ($6 == "-" ? "" : " " $6)
      next
    }
    $0 == "#pool" { pooled = 1; next }
    pooled { pool[substr($0, 3)] = 1; next }
    { there[substr($0, 3)] = 1 }
    END { for (at = 1; at <= count; at++) judge(order[at]) }
    function judge(repository,   todo, n, i, digest, file, seen, own, absent, more, parts) {
      if (!((repository "/index.json") in there)) { print "lack", repository ": its index.json"; return }
      n = split(wanted[repository], todo, " ")
      own = 1
      for (i = 1; i <= n; i++) {
        digest = todo[i]
        if (digest in seen) continue
        seen[digest] = 1
        file = digest
        sub(/:/, "/", file)
        if (!((repository "/blobs/" file) in there)) {
          own = 0
          if (!(file in pool)) absent = digest
        }
        for (more = split(content[digest], parts, " "); more > 0; more--) todo[++n] = parts[more]
      }
      if (absent != "") print "lack", repository ": " absent
      else print (own ? "own" : "pool"), repository
    }
  ' "$kit/manifests.tsv" "$kit/images.tsv" -
}

# make_root ROOT LIST: a new folder of links into the bundle, by what find_repositories has printed. One link for each folder
# of registry/ is enough where the repositories in it have their blobs. Others get copies of their small files and a link to
# the pool: zot must never collect garbage there, since each repository would remove what the others need.
# Sets \`is_pooled\` where there are such, \`aliases\` to how many names of docker.io are there a second time, \`no_alias\` to
# those that are not, since another folder has the name.
make_root() {
  root=$1 is_pooled='' aliases=0 no_alias=''
  mkdir "$root"
  # It spares zot a scan of all blobs when it starts.
  printf 1 >"$root/_restore_complete"
  for top in "$served"/*/; do
    top=\${top%/}
    top=\${top##*/}
    [ "$top" != '*' ] || break
    if awk -v top="$top" '$1 == "pool" && ($2 == top || index($2, top "/") == 1) { found = 1 } END { exit !found }' "$2"; then
      is_pooled=yes
      add_repositories "$top" "$2"
    else
      ln -s "$served/$top" "$root/$top"
    fi
  done
  add_aliases "$root"
}
# add_aliases ROOT: the mirrors of dockerd have no path: it asks for docker.io/library/one as library/one.
add_aliases() {
  for top in "$1"/docker.io/*/; do
    top=\${top%/}
    top=\${top##*/}
    if [ "$top" = '*' ]; then break; fi
    if [ "$(readlink "$1/$top")" = "docker.io/$top" ]; then continue; fi
    if [ -e "$1/$top" ]; then
      no_alias="$no_alias $top"
    else
      ln -s "docker.io/$top" "$1/$top"
      aliases=$((aliases + 1))
    fi
  done
}
# follow_root ROOT: links for the folders of registry/ that have come since.
follow_root() {
  for top in "$served"/*/; do
    top=\${top%/}
    top=\${top##*/}
    # A link has been looked at when it was there at the start; of later ones nobody knows where they lead.
    if [ "$top" = '*' ] || [ -e "$1/$top" ] || [ -L "$served/$top" ]; then continue; fi
    ln -s "$served/$top" "$1/$top"
  done
  add_aliases "$1"
}
# add_repositories FOLDER LIST: each repository below it for itself; also one that is in neither table, whose blobs are its own.
# There may be thousands: each costs one process.
add_repositories() {
  (cd -- "$served" && find -L "$1" -type f \\( -name index.json -o -name oci-layout \\)) |
    grep '^[a-z0-9][a-z0-9._/-]*$' >"$work/small"
  (cd -- "$served" && tar -chf - -T "$work/small") | tar -xf - -C "$root"
  sed -n 's/\\/index\\.json$//p' "$work/small" |
    awk 'NR == FNR { if ($1 == "pool") pool[$2] = 1; next } { print (($0 in pool) ? "pool" : "own"), $0 }' "$2" - |
    while read -r kind repository; do
      [ -f "$root/$repository/oci-layout" ] || printf '{"imageLayoutVersion":"1.0.0"}' >"$root/$repository/oci-layout"
      case "$kind" in
        pool) ln -s "$bundle/blobs" "$root/$repository/blobs" ;;
        *) ln -s "$served/$repository/blobs" "$root/$repository/blobs" ;;
      esac
    done
}
`,
  'load.sh': `#!/bin/sh
# Loads images of this bundle into the container runtime of this machine, without a registry.
case "$0" in */*) kit=\${0%/*} ;; *) kit=. ;; esac
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
    --platform=* | --namespace=*) value=\${option#*=} ;;
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
runtime=\${1-}
[ $# -eq 0 ] || shift
case "\${runtime-}" in
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
namespace=\${namespace:-k8s.io}
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
  awk -F '\\t' '
    function digest(text) { return text ~ /^sha256:[0-9a-f]+$/ && length(text) == 71 }
    function bad() { print FNR; exit 1 }
    /^#/ || $1 == "-" { next }
    NF < 10 || $1 !~ /^[A-Za-z0-9[][][A-Za-z0-9._:\\/-]*$/ || $2 !~ /^[A-Za-z0-9_][A-Za-z0-9._-]*$/ { bad() }
    !digest($3) || !digest($7) || $4 !~ /^[A-Za-z0-9._:\\/+~-]+$/ { bad() }
    $6 != "-" && (!digest($5) || !digest($6)) { bad() }
    !(($1, $2) in seen) { seen[$1, $2] = 1; print $1 ":" $2 "\\t" $1 "\\t" $3 }
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
      printf '%s\\t%s\\n' "$reference" "$number" >>"$work/selected"
    done 3<"$work/names"
    [ -n "$matched" ] || refuse "no image of this bundle has a name that matches '$pattern'" "$(near "$pattern")"
  done
  [ $# -gt 0 ] || cut -f 1 "$work/names" | sed "s/\\$/\${tab}0/" >"$work/selected"
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
      sub(/@.*/, "", wanted); sub(/\\/$/, "", wanted); sub(/.*\\//, "", wanted)
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
      printf "%s%s%s\\n", (is_near ? "Near it: " : "There are: "), list, more
    }'
}

# choose_leaves: $work/rows, a line for each selected name: reference, name, digest, root, platform, config, leaf, what
# is to be done (load, skip, other: it is for another platform), why, and the numbers of the patterns.
choose_leaves() {
  awk -F '\\t' -v OFS='\\t' -v fitting="$(fitting "$platform")" -v platform="$platform" -v all="$all_platforms" '
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
  awk -F '\\t' -v entry="$1" -v leaf="$2" '
    function emit(digest) { if (!(digest in done)) { done[digest] = 1; print digest } }
    function is_index(digest) { return type[digest] ~ /index|manifest\\.list/ }
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
  awk -F '\\t' -v digest="$1" -v name="$2" '
    $1 == digest && $2 ~ /^[A-Za-z0-9.+\\/_-]+$/ && $3 ~ /^[0-9]+$/ {
      printf "{\\"mediaType\\":\\"%s\\",\\"digest\\":\\"%s\\",\\"size\\":%s,\\"annotations\\":{", $2, digest, $3
      printf "\\"io.containerd.image.name\\":\\"%s\\",\\"org.opencontainers.image.ref.name\\":\\"%s\\"}}", name, name
      exit
    }' "$kit/manifests.tsv"
}

# docker_entry LEAF NAME: the entry of a manifest.json, as docker and podman read it.
docker_entry() {
  awk -F '\\t' -v leaf="$1" -v name="$2" '
    function path(digest) { sub(/^sha256:/, "blobs/sha256/", digest); return digest }
    $1 == leaf && $4 ~ /^sha256:[0-9a-f]+( sha256:[0-9a-f]+)*$/ {
      count = split($4, parts, " ")
      printf "{\\"Config\\":\\"%s\\",\\"RepoTags\\":[\\"%s\\"],\\"Layers\\":[", path(parts[1]), name
      for (at = 2; at <= count; at++) printf "%s\\"%s\\"", (at > 2 ? "," : ""), path(parts[at])
      printf "]}"
      exit
    }' "$kit/manifests.tsv"
}

# lacking FILE: the first digest of a list whose blob is not in this bundle.
lacking() {
  while read -r blob; do
    [ -f "$bundle/blobs/sha256/\${blob#sha256:}" ] || { echo "$blob"; return; }
  done <"$1"
}

# link_blobs FILE FOLDER: puts links to the blobs that FILE lists into a new folder below $work.
link_blobs() {
  rm -rf "$2" && mkdir -p "$2"
  case "\${2#"$work"/}" in */*/*) up=../../../pool ;; */*) up=../../pool ;; *) up=../pool ;; esac
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
      if (name ~ /^(oci-layout|index\\.json|manifest\\.json|blobs\\/?|blobs\\/sha256\\/?)$/) next
      if (sub(/^blobs\\/sha256\\//, "", name) && name in size) {
        # It is named when it begins: what was before it is sent.
        printf "\\r\\033[K%s: %s of %s sent", what, readable(sent), readable(total) >"/dev/stderr"
        fflush("/dev/stderr")
        sent += size[name]
      } else print >faults
    }
    END { printf "\\r\\033[K%s: %s sent", what, readable(sent) >"/dev/stderr" }' "$work/sizes" -
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
  sed -n '/[^[:space:]]/p' "$1" | tail -n 1 | tr "$tab" ' ' | tr -d '\\001-\\010\\013-\\037\\177' | cut -c 1-300
}

# result REFERENCE DIGEST RESULT [WHY]: a line of the table.
result() { printf '%s\\t%s\\t%s\\t%s\\n' "$3" "$2" "$1" "\${4-}" >>"$work/table"; }
# both TEXT TEXT: what is there of two remarks.
both() { if [ -n "$1" ] && [ -n "$2" ]; then echo "$1; $2"; else echo "$1$2"; fi; }

# Each runtime has: can_hold_platforms, need_runtime (ends the script where it is not there, sets machine), look_before,
# is_there, load_wanted (which calls load_each or a way of its own), is_loaded (sets found and remark),
# advice (of what failed and is not damaged), where_note, closing_note.
# They read what read_row sets.
read_row() { IFS=$tab read -r reference name digest root leaf_platform config leaf what why patterns; }
# write_row: the same as a line.
write_row() {
  printf '%s\\t%s\\t%s\\t%s\\t%s\\t%s\\t%s\\t%s\\t%s\\t%s\\n' \\
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
    load_image </dev/null || printf '%s\\t%s\\n' "$reference" "\${reason:-$runtime did not take it}" >>"$work/reasons"
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
    file=$bundle/blobs/sha256/\${blob#sha256:}
    if [ ! -f "$file" ]; then
      echo "blobs/sha256/\${blob#sha256:} is missing"
      return
    elif [ "$(hash_of "$file" 2>/dev/null)" != "\${blob#sha256:}" ]; then
      echo "blobs/sha256/\${blob#sha256:} is damaged"
      return
    fi
    echo "$blob" >>"$work/intact"
  done <"$work/unread"
}
# moved_from REFERENCE WORDS: what the name stood for before, if it was another image.
other_image='the name stands for another image'
moved_from() {
  awk -F '\\t' -v reference="$1" -v words="$2" '$1 == reference { print "the name " words " " $2; exit }' "$work/moved"
}
reason_of() { awk -F '\\t' -v reference="$1" '$1 == reference { print $2; exit }' "$work/reasons"; }

machine=''
need_runtime
[ -n "$machine" ] || machine=$(machine_platform)
platform=\${platform_wanted:-$machine}
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
    case "$remark" in "$other_image") printf '%s\\t%s\\n' "$reference" "$found" >>"$work/moved" ;; esac
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
        reason=\${reason:-$runtime does not have it as it should be\${remark:+; $remark}}
        reason="$reason$(advice)"
      fi
      result "$reference" "\${found:--}" failed "$reason"
    fi
  done 3<"$work/wanted"
fi

progress_end
# The table, in the order of the bundle.
awk -F '\\t' 'FILENAME == ARGV[1] { row[$3] = $0; next } { print row[$1] }' "$work/table" "$work/rows" >"$work/sorted"
result_table "$work/sorted"
say ''
verb=loaded
[ -z "$dry_run" ] || verb='would be loaded'
[ -z "$all_platforms" ] || platform='all platforms that are here'
say "$platform: $loaded $verb, $there there already, $skipped skipped, $failed failed"
[ "$damaged" = 0 ] || note 'The bundle is damaged: sh kit/verify.sh names all that has to be copied again'
left_out=$(awk -F '\\t' '$9 == "referrer" { count++ } END { print count + 0 }' "$kit/images.tsv")
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
  grep -E -q ",$number(,|\\$)" "$work/satisfied" && continue
  if awk -F '\\t' '$8 == "other" { found = 1 } END { exit !found }' "$work/rows"; then
    fail "nothing of '$pattern' is for $platform" 'Another platform is loaded where you ask for it: --platform linux/arm64'
  fi
  fail "nothing of '$pattern' can be loaded into a runtime" 'A registry takes it: kit/serve.sh, kit/push.sh'
done
`,
  'mirrors.sh': `#!/bin/sh
# Writes the configurations by which runtimes pull the names that images have from the site's registry.
case "$0" in */*) kit=\${0%/*} ;; *) kit=. ;; esac
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
      [ -n "\${2-}" ] || usage_error "$1 needs a value"
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
below=\${prefix:+/$prefix}

[ -z "$ca" ] || check_authority "$ca"

if [ -n "$out" ]; then
  case $out in /*) ;; *) out=./$out ;; esac
  above=$out
  while [ ! -d "$above" ]; do above=$(dirname "$above"); done
  above=$(cd -- "$above" 2>/dev/null && pwd -P) || refuse "$above cannot be entered" 'Name another folder: --out FOLDER'
  case $above/ in
    "\${bundle%/}"/*) refuse "$out would be in the bundle, which stays as it is" 'Name another folder: --out FOLDER' ;;
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
  print host "\\t" substr($8, 1, size)
}' "$kit/images.tsv" >"$work/found"
sort "$work/found" >"$work/named"
if grep -Evq "^($host_form)$tab($component)\\$" "$work/named"; then
  refuse 'kit/images.tsv names a registry that cannot be one' 'The bundle is damaged: sh kit/verify.sh'
fi
# And the site's registry by its own address, for what it alone has names for.
{
  cat "$work/named"
  cut -f 1 "$work/named" | grep -Fqx -e "$address" || printf '%s\\t\\n' "$address"
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
  reads="capabilities = [\\"pull\\", \\"resolve\\"]
override_path = true
$authority"
  printf '# Images of "%s" are pulled from the registry at %s.\\n%s\\n' "$1" "$address" "$other_address"
  if [ "$1" = "$address" ]; then
    printf 'server = "%s"\\n%s' "$url" "$authority"
  else
    printf 'server = "%s"\\n%s' "$mirror" "$reads"
  fi
  [ -z "$2" ] || printf '\\n[host."%s"]\\n%s' "$mirror" "$reads"
}

# registries_conf HOST FOLDER: a table of containers-registries.conf(5).
registries_conf() {
  location=$address
  [ "$1" = "$address" ] || location=$address$below/$2
  printf '\\n[[registry]]\\nprefix = "%s"\\nlocation = "%s"\\n%s' "$1" "$location" "$insecure"
  if [ "$1" = "$address" ] && [ -n "$2" ]; then
    printf '\\n[[registry.mirror]]\\nlocation = "%s"\\n%s' "$address$below/$2" "$insecure"
  fi
}

# registries_yaml HOST FOLDER: an entry for k3s and RKE2 (Private Registry Configuration).
registries_yaml() {
  printf '  "%s":\\n    endpoint:\\n' "$1"
  if [ "$1" != "$address" ]; then
    printf '      - "%s"\\n    rewrite:\\n      "^(.*)$": "%s/$1"\\n' "$url" "\${prefix:+$prefix/}$2"
  else
    [ -z "$2" ] || printf '      - "%s"\\n' "$url/v2$below/$2"
    printf '      - "%s"\\n' "$url"
  fi
}

printf '%s\\n' '# For podman, buildah, skopeo and CRI-O: a file of /etc/containers/registries.conf.d' \\
  "$other_address" >"$made/registries.conf"
printf '%s\\n' '# For k3s /etc/rancher/k3s/registries.yaml, for RKE2 /etc/rancher/rke2/registries.yaml' \\
  "$other_address" 'mirrors:' >"$made/k3s-registries.yaml"
while IFS=$tab read -r host folder; do
  # containerd knows a form of folders without a colon.
  case $host in *:*) name=\${host%:*}_\${host##*:}_ ;; *) name=$host ;; esac
  mkdir "$made/hosts/$name"
  hosts_toml "$host" "$folder" >"$made/hosts/$name/hosts.toml"
  [ -z "$ca" ] || cat "$ca" >"$made/hosts/$name/ca.crt"
  registries_conf "$host" "$folder" >>"$made/registries.conf"
  registries_yaml "$host" "$folder" >>"$made/k3s-registries.yaml"
done <"$work/registries"
if [ -n "$ca" ]; then
  cat "$ca" >"$made/ca.crt"
  printf 'configs:\\n  "%s":\\n    tls:\\n      ca_file: "/etc/rancher/oci-save-ca.crt"\\n' "$address" \\
    >>"$made/k3s-registries.yaml"
fi
# dockerd's mirrors have no path.
{
  echo '{'
  [ "$scheme" = https ] || printf '  "insecure-registries": ["%s"]%s\\n' "$address" "$([ -n "$prefix" ] || echo ,)"
  [ -n "$prefix" ] || printf '  "registry-mirrors": ["%s"]\\n' "$url"
  echo '}'
} >"$made/daemon.json"

passing=
if [ -z "$out" ]; then
  passing=yes
  out=$(mktemp -d "\${TMPDIR:-/tmp}/mirrors.XXXXXX" 2>/dev/null) ||
    fail "no folder can be made in \${TMPDIR:-/tmp}" 'Name another one: --out FOLDER'
fi
why=$({ mkdir -p "$out" && cp -R "$made/." "$out/"; } 2>&1) ||
  fail "$out cannot be written" "$(printf '%s\\n' "$why" | tail -n 1)"
out=$(cd -- "$out" && pwd -P)

from=$(word_of "$out")
# copy_ca PLACE: the line that brings the authority to where a runtime looks for it.
copy_ca() {
  [ -z "$ca" ] || say "  mkdir -p $(word_of "\${1%/*}")
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
if matches "$address" "(($label\\.)*localhost|127(\\.[0-9]+)+|0\\.0\\.0\\.0|\\[[0:]+1?\\])(:[0-9]+)?"; then
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
`,
  'push.sh': `#!/bin/sh
# Pushes the images of this bundle into a registry, digest for digest.
case "$0" in */*) kit=\${0%/*} ;; *) kit=. ;; esac
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
    option=\${1%%=*} value=\${1#*=}
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
      [ -n "\${2-}" ] || usage_error "$1 needs a value"
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
target=$address\${prefix:+/$prefix}
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
  skopeo_version=$(skopeo --version 2>/dev/null | sed -n 's/^skopeo version \\([0-9][0-9]*\\.[0-9][0-9]*\\).*/\\1/p')
  case $skopeo_version in '' | 0.* | 1.[0-5]) return 1 ;; esac
}
case $engine in
  '')
    if usable_skopeo; then
      engine=skopeo
    elif has curl; then
      engine=curl
    elif has skopeo; then
      refuse "skopeo \${skopeo_version:-} is too old: 1.6 changes no digest" 'Install a later one, or curl'
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
  !is_digest($1) || $2 !~ /^[A-Za-z0-9][A-Za-z0-9.+_-]*\\/[A-Za-z0-9][A-Za-z0-9.+_-]*$/ || $3 !~ /^[0-9]+$/ || NF != 4 { exit 1 }
  $4 != "-" { count = split($4, part, " "); for (at = 1; at <= count; at++) if (!is_digest(part[at])) exit 1 }
' "$kit/manifests.tsv" && awk -F "$tab" '
  function is_digest(text) { return length(text) == 71 && text ~ /^sha256:[0-9a-f]+$/ }
  NR == 1 { next }
  NF != 10 || !is_digest($3) || !is_digest($7) || !($10 == "-" || is_digest($10)) { exit 1 }
  length($2) > 128 || $2 !~ /^([A-Za-z0-9_][A-Za-z0-9._-]*|-)$/ { exit 1 }
  $8 !~ /^[a-z0-9]+([._-]+[a-z0-9]+)*(\\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/ { exit 1 }
' "$kit/images.tsv" || refuse 'the tables in kit/ are not what was saved' 'The bundle is damaged: sh kit/verify.sh'
check_tables

is_digest() {
  case $1 in sha256:*[!0-9a-f]*) return 1 ;; sha256:*) [ \${#1} -eq 71 ] ;; *) return 1 ;; esac
}
short() { printf '%.19s' "$1"; }
file_of() { printf '%s/blobs/sha256/%s' "\${bundle%/}" "\${1#sha256:}"; }
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
  [ -f "$whole_file" ] || trouble damaged "blobs/sha256/\${1#sha256:} is not in the bundle" || return 1
  [ "$(hash_of "$whole_file")" = "\${1#sha256:}" ] || trouble damaged "blobs/sha256/\${1#sha256:} is damaged"
}

# Each repository and tag once: digest, root, repository, tag, name.
awk -F "$tab" -v OFS="$tab" 'NR > 1 && $9 != "referrer" && $2 != "-" && !seen[$8 ":" $2]++ { print $3, $7, $8, $2, $1 }' \\
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
  printf '%s\\t%s\\t%s\\t%s\\n' "$digest" "$root" "$repository" "$tag"
done <"$work/all" >"$work/items"
total=$(wc -l <"$work/items" | tr -d ' ')

# ---- sending

fault='' why='' said='' there='' skopeo_file=

# tell_proxy: the variable that leads away from a registry that is at the site.
tell_proxy() {
  case ",\${NO_PROXY-},\${no_proxy-}," in *",\${address%:*},"*) return 0 ;; esac
  proxy_variables='HTTPS_PROXY https_proxy ALL_PROXY all_proxy'
  [ -z "$plain_http" ] || proxy_variables='HTTP_PROXY http_proxy ALL_PROXY all_proxy'
  for proxy_variable in $proxy_variables; do
    eval "proxy_value=\\\${$proxy_variable-}"
    [ -n "$proxy_value" ] || continue
    # Its value may hold a password.
    say "$proxy_variable is set here: where the registry is reached without a proxy, add to NO_PROXY: \${address%:*}"
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
      if (type[digest] ~ /\\.(index\\.v1|manifest\\.list\\.v2)\\+json$/) {
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
      is_whole "$digest" && "\${engine}_$kind" "$@" || damaged_below "$digest" || return 1
    elif ! grep -Fqx -e "$1 $digest" "$work/sent"; then
      is_whole "$digest" && "\${engine}_$kind" "$1" "$digest" || damaged_below "$digest" || return 1
    fi
    printf '%s %s\\n' "$1" "$digest" >>"$work/sent"
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

# push_image DIGEST ROOT REPOSITORY TAG: sets \`result\`, \`there\` and \`remark\`; fails with \`why\` and \`fault\`.
push_image() {
  image_digest=$1 image_root=$2 image_path=\${prefix:+$prefix/}$3 image_tag=$4
  result=failed remark=
  "\${engine}_tag" "$image_path" "$image_tag" || {
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
    [ -z "$before" ] || result=replaced remark="was $before\${remark:+; $remark}"
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
    "\${engine}_read" "$image_path" "$image_tag" || return 1
    [ "$there" != "$wanted" ] || return 0
    sleep "$pause"
  done
  trouble other "the tag reads as \${there:-nothing} after the push, not as $wanted"
}

"\${engine}_begin" || {
  hint=$(hint_for "$fault")
  fail "$why" \${hint:+"$hint"}
}

# common_words WHY: what went wrong, without what is of this image alone.
common_words() {
  printf '%s\\n' "$1" | awk -v path="$image_path" -v tag=":$image_tag" '
    function without(text, part,    at) {
      while (part != "" && (at = index(text, part))) text = substr(text, 1, at - 1) "…" substr(text, at + length(part))
      return text
    }
    {
      gsub(/sha256:[0-9a-f]+/, "…"); gsub(/[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]+/, "…")
      text = without(without($0, path), tag)
      gsub(/manifests?\\/[A-Za-z0-9_.-]+|reading manifest [^ ]+/, "…", text)
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
    printf 'not tried\\t-\\t%s\\t\\n' "$item" >>"$work/table"
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
    printf '%s\\t%s\\t%s\\t%s\\n' "$result" "$there" "$item" "$remark" >>"$work/table"
    continue
  fi
  docker_type "$item_digest"
  failed=$((failed + 1))
  progress "[$at/$total] failed $item"
  printf 'failed\\t-\\t%s\\t\\n' "$item" >>"$work/table"
  hint_for "$fault" >>"$work/hints"
  words=$why
  [ "$fault" = damaged ] || words=$(common_words "$why")
  printf '%s\\t%s\\t%s\\n' "$item" "$why" "$words" >>"$work/failed"
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
    { names[$3] = names[$3] "  " $1 "\\n" }
    END { for (at = 1; at <= count; at++) printf "%s    %s\\n", names[order[at]], why[order[at]] }' "$work/failed" >&2
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
`,
  'serve.sh': `#!/bin/sh
# Serves this bundle with zot, for pulls, until it is interrupted.
case "$0" in */*) kit=\${0%/*} ;; *) kit=. ;; esac
# The bundle by the path that was typed: where a link in it moves to another bundle, zot follows.
typed=$(unset CDPATH && cd -- "$kit/.." && pwd)
. "$kit/lib/common.sh"

usage() {
  cat <<'END'
usage: sh kit/serve.sh [options]

Serves the images of this bundle as a registry with zot, for pulls alone, until
Ctrl-C. It checks the bundle first, writes nothing into it, and tells what can
be pulled when zot has answered for one of the images.

  --listen HOST:PORT  where zot listens. Without it 127.0.0.1:5000, which only
                      this machine reaches; 0.0.0.0:5000 is for all machines
                      that reach this one, port 0 takes a free port
  --users HTPASSWD    only users of this file pull. htpasswd -nB NAME makes a
                      line of it
  --cert FILE --key FILE
                      HTTPS, with this certificate and its key
  --state FOLDER      keeps zot's root of links and its whole log in FOLDER.
                      Without it they are temporary, and the log has errors
  --zot PROGRAM       zot. Without it $ZOT_BIN, kit/zot, or zot in PATH
  --no-verify         does not hash the bundle first, which takes minutes where
                      it is big; that every file is there is looked at all the
                      same
  --list              prints all that can be pulled, and starts nothing

examples:
  sh kit/serve.sh
  sh kit/serve.sh --listen 0.0.0.0:5000
  sh kit/serve.sh --listen 0.0.0.0:443 --users users --cert x.crt --key x.key
END
}

listen=127.0.0.1:5000 users='' cert='' key='' state='' zot=\${ZOT_BIN:-} verify=yes list=''
while [ $# -gt 0 ]; do
  case "$1" in
    --*=*)
      option=$1
      shift
      set -- "\${option%%=*}" "\${option#*=}" "$@"
      ;;
  esac
  case "$1" in
    --listen | --users | --cert | --key | --state | --zot) [ -n "\${2:-}" ] || usage_error "$1 needs a value" ;;
  esac
  case "$1" in
    --listen) listen=$2 && shift ;;
    --users) users=$2 && shift ;;
    --cert) cert=$2 && shift ;;
    --key) key=$2 && shift ;;
    --state) state=$2 && shift ;;
    --zot) zot=$2 && shift ;;
    --no-verify) verify='' ;;
    --list) list=yes ;;
    -h | --help) usage; exit 0 ;;
    --) [ $# -eq 1 ] || usage_error "'$2' is too much: no operand is known" ;;
    *) usage_error "'$1' is not known" ;;
  esac
  shift
done

# absolute PATH
absolute() { case "$1" in /*) say "$1" ;; *) say "$(pwd)/$1" ;; esac; }
# readable OPTION FILE
readable() { [ -f "$2" ] && [ -r "$2" ] || refuse "$1: there is no file '$2' that can be read"; }
# json TEXT: as it stands between the quotes of a JSON string.
json() { printf '%s' "$1" | sed 's/[\\\\"]/\\\\&/g'; }

# names: what can be pulled, a line each: digest, repository:tag, kind. What has no tag has no name.
names() {
  awk -F "$tab" -v OFS="$tab" '!/^#/ && $2 != "-" && !seen[$8 ":" $2]++ { print $3, $8 ":" $2, $9 }' "$kit/images.tsv"
}
# rows ADDRESS: names as a table. Digests are cut so that it fits a terminal, names never are: they are there to be copied.
rows() {
  awk -F "$tab" -v at="$1" '{ print "  " substr($1, 1, 19) "  " at "/" $2 ($3 == "image" ? "" : "  (" $3 ")") }'
}

# --listen: HOST:PORT, :PORT or PORT. \`own\` is how this machine reaches it, \`public\` how the others do.
port=\${listen##*:}
host=127.0.0.1
case "$listen" in ?*:*) host=\${listen%:*} ;; esac
case "$port" in '' | *[!0-9]* | ??????*) usage_error "--listen: '$listen' is not HOST:PORT" ;; esac
[ "$port" -le 65535 ] || usage_error "--listen: there is no port $port"
case "$host" in
  \\[*\\]) host=\${host#\\[} && host=\${host%\\]} ;;
  *:*) usage_error "--listen: an address of IPv6 stands in brackets: [$host]:$port" ;;
esac
case "$host" in '' | *[!0-9A-Za-z.:%_-]*) usage_error "--listen: '$listen' is not HOST:PORT" ;; esac
# zot joins address and port as they are, so it wants the brackets, too.
own=$host is_public=yes
case "$host" in *:*) own="[$host]" ;; esac
bound=$own
public=$own
case "$host" in
  127.* | localhost | ::1) is_public='' ;;
  0.0.0.0 | ::)
    own=127.0.0.1
    public=$(hostname 2>/dev/null || uname -n)
    ;;
esac

if [ -n "$list" ]; then
  names | rows "$public:$port"
  exit 0
fi

scheme=http
if [ -n "$cert$key" ]; then
  [ -n "$cert" ] && [ -n "$key" ] || usage_error '--cert and --key belong together'
  readable --cert "$cert"
  readable --key "$key"
  cert=$(absolute "$cert") key=$(absolute "$key") scheme=https
fi
if [ -n "$users" ]; then
  readable --users "$users"
  # zot knows bcrypt alone, and answers 401 to users with another hash.
  weak=$(awk -F : '/:/ { n++; if ($2 !~ /^\\$2[aby]\\$/) print $1 } END { if (!n) print "(no user)" }' "$users" | head -n 3 | tr '\\n' ' ')
  [ -z "$weak" ] || refuse "--users: zot takes bcrypt alone, which these do not have: $weak" 'htpasswd -nB NAME makes a line'
  users=$(absolute "$users")
fi

# mark PROGRAM…: whether one of them is here.
mark() {
  for one in "$@"; do
    if has "$one"; then
      say 'is here'
      return
    fi
  done
  say 'is not here'
}
if [ -z "$zot" ]; then
  if [ -f "$kit/zot" ]; then
    zot=$kit/zot
  elif has zot; then
    zot=zot
  else
    note "error: zot is not here: neither in kit/ nor in PATH. Name it: --zot PROGRAM
  What else brings these images to their users:
  - docker-registry ($(mark docker-registry registry)): start it by kit/docker-registry.yml,
    then: sh kit/push.sh --plain-http 127.0.0.1:5000
  - docker, podman, containerd ($(mark docker podman ctr nerdctl k3s)): sh kit/load.sh loads them
  - oci-save ($(mark oci-save)): oci-save serve FOLDER"
    exit 2
  fi
fi
case "$zot" in */*) zot=$(absolute "$zot") ;; esac
# runs PROGRAM: whether this machine can execute it at all.
runs() {
  "$1" --version >/dev/null 2>&1 && code=0 || code=$?
  [ "$code" -ne 126 ] && [ "$code" -ne 127 ]
}
zot_runs=yes
runs "$zot" || zot_runs=''
[ -n "$zot_runs" ] || [ "$zot" = "$kit/zot" ] || refuse "'$zot' is not a program that runs here"

served=$bundle/registry
physical() { (cd -- "$1" 2>/dev/null && pwd -P) || :; }
[ "$(physical "$typed/registry")" != "$(physical "$served")" ] || served=$typed/registry
[ -d "$served" ] || fail 'registry/ is not here, and zot serves nothing else' \\
  'Unpack it, too: at least each index.json in it, which are small'
IFS=$tab read -r digest name kind <<END
$(names | head -n 1)
END
[ -n "$name" ] || fail 'no image of this bundle has a tag: nothing can be pulled by a name'
repository=\${name%:*} tag=\${name##*:}

. "$kit/lib/serve-client.sh"
. "$kit/lib/serve-root.sh"

# The folder of the state: \`root\` (links), \`zot.json\`, \`zot.log\`.
zot_pid='' held=''
# Ctrl-C is how serving ends.
at_signal() { [ -n "$serving" ] || note 'interrupted: nothing is served'; }
serving=
# at_end: what this script has started ends with it.
at_end() {
  trap '' HUP INT TERM PIPE
  if [ -n "$child" ]; then
    kill "$child" 2>/dev/null || :
    wait "$child" 2>/dev/null || :
  fi
  stop_zot
  [ -z "$held" ] || rm -f "$held"
}
lives() { kill -0 "$zot_pid" 2>/dev/null; }
stop_zot() {
  [ -n "$zot_pid" ] || return 0
  kill "$zot_pid" 2>/dev/null || :
  left=$((10 * ticks))
  while lives && [ "$left" -gt 0 ]; do
    left=$((left - 1))
    pause
  done
  kill -9 "$zot_pid" 2>/dev/null || :
  wait "$zot_pid" 2>/dev/null || :
  zot_pid=''
}
if [ -n "$state" ]; then
  above=$(absolute "$state")
  while [ ! -d "\${above:=/}" ]; do above=\${above%/*}; done
  case "$(physical "$above")/" in "$bundle"/*) refuse "--state: '$state' is in the bundle, which stays as it is" ;; esac
  mkdir -p -- "$state" 2>/dev/null || refuse "--state: '$state' cannot be made"
  state=$(physical "$state")
  if [ ! -f "$state/oci-save-state" ]; then
    [ -z "$(ls -A "$state")" ] || refuse "--state: '$state' has other things in it: name an empty folder"
    { true >"$state/oci-save-state"; } 2>/dev/null || refuse "--state: nothing can be written into '$state'"
  fi
  other=$(cat "$state/pid" 2>/dev/null) || other=''
  if [ -n "$other" ] && kill -0 "$other" 2>/dev/null; then
    refuse "--state: process $other serves from '$state'" "Where that is no serve.sh, remove $state/pid"
  fi
  held=$state/pid
  { say $$ >"$held"; } 2>/dev/null || refuse "--state: nothing can be written into '$state'"
  rm -rf "$state/root"
else
  state=$work/state
  mkdir "$state"
fi
for path in "$state" "$served" "$bundle" "$cert" "$key" "$users"; do
  case "$path" in *[[:cntrl:]]*) refuse 'a path has a line break or another control character in it' ;; esac
done
if [ -z "$zot_runs" ]; then
  # The kit is on a medium on which nothing can be executed.
  cp "$zot" "$work/zot"
  chmod 700 "$work/zot"
  zot=$work/zot
  runs "$zot" || refuse "kit/zot does not run here, nor does a copy in $work" 'Name another one: --zot PROGRAM'
fi

choose_client "$scheme"
if [ "$port" -ne 0 ] && [ -n "$client" ]; then
  # What answers now is no zot of ours, and could be taken for it later.
  "ask_$client" "$scheme://$own:$port/v2/$repository/manifests/$tag"
  case "$answered" in
    '') found= ;;
    200)
      found='something else answers'
      [ "sha256:$(hash_of "$answer")" != "$digest" ] || found="this bundle, or one that has the same $name, is served already"
      ;;
    401) found='something that wants a login answers' ;;
    *) found='something else answers' ;;
  esac
  [ -z "$found" ] || refuse "$found at $own:$port" 'Name another port: --listen HOST:PORT'
fi

# 1. All is there, whole, and can be read.
find_repositories >"$work/repositories"
lacking=$(grep -c '^lack ' "$work/repositories") || :
if [ "$lacking" -gt 0 ]; then
  note 'error: nothing is served, since the bundle is not whole. These lack something:'
  sed -n 's/^lack /  /p' "$work/repositories" | head -n 10 >&2
  [ "$lacking" -le 10 ] || note "  and $((lacking - 10)) more"
  note '  Copy or unpack it again. sh kit/verify.sh tells all that is missing'
  exit 1
fi
# A link could lead to what this machine has besides, and it would be served to everybody.
(cd -- "$served" && find . -type l) >"$work/links"
while IFS= read -r link; do
  to=$(readlink -f -- "$served/\${link#./}") || to=
  case "$to" in
    "\${bundle%/}"/*) ;;
    *) refuse "registry/\${link#./} is a link that leads out of this folder" 'Remove it: a bundle has none' ;;
  esac
done <"$work/links"
set -- "$served"
[ ! -d "$bundle/blobs" ] || set -- "$@" "$bundle/blobs"
find -L "$@" \\( -type f ! -perm -0004 -o -type d ! -perm -0005 \\) -print >"$work/private"
if [ -s "$work/private" ]; then
  while IFS= read -r file; do
    [ -r "$file" ] || fail "you may not read '$file', and zot runs as you" \\
      'Run this as the owner of the bundle, or as the owner: chmod -R a+rX FOLDER'
  done <"$work/private"
  note "note: $(($(wc -l <"$work/private"))) files and folders are for their owner alone (umask 077?). zot runs as you
  and reads them. One of another user, a service, would answer with 500:
  chmod -R a+rX FOLDER"
fi
joining=
if [ -e "$bundle/.oci-save-update" ]; then
  joining=yes
  note 'note: an update was cut off here, or is at work. Where none is at work, run
  kit/update.sh of the newer bundle again, which finishes it.'
fi
if [ -n "$verify" ]; then
  note 'Checking the bundle first: minutes where it is big. --no-verify leaves it out.'
  run sh "$kit/verify.sh" >"$work/verified" && result=0 || result=$?
  # Where repositories have no blobs of their own, files are missing that are not needed: those that are, are there (1.).
  # Without its last line nothing was compared.
  if [ "$result" -eq 1 ] && grep -q '^pool ' "$work/repositories" && grep -q '^DAMAGED: ' "$work/verified"; then
    grep -v -e '^ ' -e ' is missing$' -e '^DAMAGED: ' -e '^Copy ' -e '^sha256 of ' -e '^not of this bundle: ' \\
      -e '^pushed here' -e '^left by ' -e '^Each is whole ' -e '^Some are whole ' -e '^WARNING: ' -e '^UNFINISHED: ' "$work/verified" >"$work/damaged" || result=0
  fi
  if [ "$result" -ne 0 ]; then
    cat "$work/verified" >&2
    [ -z "$joining" ] || fail 'nothing is served, since an update of the bundle is not finished' \\
      '--no-verify serves what is there: blobs come before what names them'
    fail 'nothing is served, since the bundle is not as it was saved' '--no-verify serves it all the same'
  fi
fi

# 2. A root for zot, which writes into its root as soon as there are users.
make_root "$state/root" "$work/repositories"
[ -z "$is_pooled" ] || note 'note: repositories here have no blobs of their own: theirs are served from blobs/'

# said LOG: the errors in a log of zot, shortened; else its end.
said() {
  sed -n 's/.*"level":"\\(error\\|fatal\\|panic\\)","message":"\\(.*\\)".*/\\2/p' "$1" |
    sed 's/","caller":.*//; s/","\\([a-zA-Z]*\\)":"/: \\1: /g; s/^/  zot: /' | tail -n 10 >"$work/said"
  [ -s "$work/said" ] || tail -n 10 "$1" | cut -c 1-300 | sed 's/^/  zot: /' >"$work/said"
  cat "$work/said" >&2
}
# config HOST PORT LEVEL REPOSITORIES POLICY MORE: in the newest form that this zot takes, since it cannot tell its version.
# Before 2.1.17 it refuses the timeouts, since then it cuts each request after a minute without them; before 2.1.2 it refuses
# \`compat\`.
config() {
  compat='"compat": ["docker2s2"],'
  for keys in "\\"readTimeout\\": \\"0s\\", \\"writeTimeout\\": \\"0s\\", $compat" "$compat" ''; do
    cat >"$state/zot.json" <<END
{
  "distSpecVersion": "1.1.1",
  "storage": { "rootDirectory": "$(json "$state/root")", "gc": false, "dedupe": false },
  "http": {
    "address": "$1",
    "port": "$2",
    $keys
    $6
    "accessControl": { "repositories": { "$4": { "$5": ["read"] } } }
  },
  "log": { "level": "$3" }
}
END
    if run "$zot" verify "$state/zot.json" >"$work/verify.log" 2>&1; then return 0; fi
  done
  note "error: '$zot' does not take a configuration, or does not run here:"
  said "$work/verify.log"
  exit 1
}
# start_zot LOG
start_zot() {
  log=$1
  # It is read before zot may have begun.
  : >"$log"
  "$zot" serve "$state/zot.json" >>"$log" 2>&1 &
  zot_pid=$!
}
# give_up MESSAGE
give_up() {
  if lives; then note "error: $1:"; else note 'error: zot has ended:'; fi
  said "$log"
  exit 1
}
# await SCHEME://ADDRESS STATUS: until zot answers for a known tag with that status, and for 200 with the bytes of its digest.
# zot ends with 0 where the port is taken, and says 200 to /v2/ over a root that has nothing in it: neither tells anything.
await() {
  deadline=$(($(date +%s) + 120))
  while lives; do
    "ask_$client" "$1/v2/$repository/manifests/$tag"
    if [ "$answered" = 200 ] && [ "$2" = 200 ]; then
      [ "sha256:$(hash_of "$answer")" = "$digest" ] || give_up "$name is served, but not as $digest"
      return
    fi
    [ "$answered" != "$2" ] || return 0
    [ -z "$answered" ] || give_up "zot answers $answered for $name instead of $2"
    [ "$(date +%s)" -lt "$deadline" ] || break
    pause
  done
  told=$(tail -n 1 "$work/status" | tr -d '[:cntrl:]')
  case "$told" in '' | 000) told='no answer' ;; esac
  give_up "zot does not answer at $1 after two minutes ($client: $told)"
}
# await_port: of a zot that takes a free one; sets \`port\`.
await_port() {
  deadline=$(($(date +%s) + 120))
  while lives && [ "$(date +%s)" -lt "$deadline" ]; do
    port=$(sed -n 's/.*kernel chosen port","port":\\([0-9]*\\).*/\\1/p' "$log")
    [ -z "$port" ] || return 0
    pause
  done
  give_up 'zot does not listen after two minutes'
}

# 3. Behind a login nothing can be asked without a password: first zot serves one repository over the same root without
# users, for a moment and to this machine alone.
checked='' wanted_port=$port
if [ -n "$users" ] || [ -z "$client" ]; then
  choose_client http
  if [ -n "$client" ]; then
    config 127.0.0.1 0 info "$repository" anonymousPolicy ''
    start_zot "$work/check.log"
    await_port
    await "http://127.0.0.1:$port" 200
    stop_zot
    checked=yes
  fi
  choose_client "$scheme"
fi

# 4. zot as it was asked for.
port=$wanted_port more='' level=warn policy=anonymousPolicy wanted=200
if [ -n "$held" ] || [ "$port" -eq 0 ]; then level=info; fi
if [ "$scheme" = https ]; then more="\\"tls\\": { \\"cert\\": \\"$(json "$cert")\\", \\"key\\": \\"$(json "$key")\\" },"; fi
if [ -n "$users" ]; then
  more="$more \\"auth\\": { \\"htpasswd\\": { \\"path\\": \\"$(json "$users")\\" } },"
  policy=defaultPolicy wanted=401
fi
config "$bound" "$port" "$level" '**' "$policy" "$more"
[ -n "$keys" ] || note 'note: this zot is older than 2.1.2, and may not serve images in the form of Docker'
start_zot "$state/zot.log"
[ "$port" -ne 0 ] || await_port
if [ -n "$client" ]; then
  await "$scheme://$own:$port" "$wanted"
else
  # Nothing here can ask: at least it has to be alive after two seconds.
  left=$((2 * ticks))
  while [ "$left" -gt 0 ] && lives; do
    left=$((left - 1))
    pause
  done
  lives || give_up ''
fi

# 5. What to type.
address=$public:$port
count=$(($(names | wc -l)))
say "Serving $count names at $scheme://$address with zot, for pulls alone:"
say
names | head -n 20 | rows "$address"
[ "$count" -le 20 ] || say "  and $((count - 20)) more: sh kit/serve.sh --list"
[ "$aliases" -eq 0 ] || say "  Names of docker.io are there without docker.io/, too: docker's mirrors ask so."
[ -z "$no_alias" ] || say "  Not so below$no_alias: a registry has the name."
image=$(names | awk -F "$tab" '$3 == "image" { print $2; exit }')
if [ -n "$image" ]; then
  image=$address/$image podman='' ctr='' skopeo=''
  if [ "$scheme" = http ]; then
    podman=' --tls-verify=false' ctr=' --plain-http' skopeo=' --src-tls-verify=false'
  fi
  say
  say 'For example:'
  if [ -n "$users" ]; then
    say "  docker login $address    (podman login$podman, skopeo login)"
    ctr="$ctr --user NAME"
  fi
  say "  docker pull $image"
  say "  podman pull$podman $image"
  say "  ctr images pull$ctr $image"
  say "  skopeo copy$skopeo docker://$image oci:FOLDER"
fi
say
if [ -z "$is_public" ]; then
  say 'Only this machine reaches it. For others: --listen 0.0.0.0:5000'
elif [ "$scheme" = http ]; then
  say "This is plain HTTP: docker wants \\"$address\\" in its insecure-registries."
  [ -z "$users" ] || say 'Passwords are sent as they are: --cert and --key would hide them.'
fi
[ "$scheme" = http ] || say 'Clients have to know the authority of the certificate.'
say 'Nodes pull by the names that images have elsewhere with what this writes:'
say "  sh kit/mirrors.sh $([ "$scheme" = http ] || say '--https ')$address"
say
if [ -n "$client" ] && [ -z "$users" ]; then checked=yes; fi
[ -z "$checked" ] || say "Checked: $name is served with its digest."
if [ -n "$users" ] && [ -n "$client" ]; then
  say 'Checked: nobody pulls without a login (401).'
  say 'Not checked: a pull with a login, for want of a password.'
fi
[ -n "$client" ] || say "Not checked: an answer over $scheme, for want of curl, GNU wget or skopeo."
[ -z "$held" ] || say "The log of zot is $log"
say 'Ctrl-C ends it.'
serving=yes

# 6. zot sees by itself what a join brings into the folders that it has; a new folder of registry/ needs a link.
while lives; do
  follow_root "$state/root"
  # In the foreground, sleep would keep a signal waiting.
  sleep 2 &
  child=$!
  wait "$child" || :
done
give_up 'zot has ended'
`,
  'update.sh': `#!/bin/sh
# Brings this bundle to a site that has an earlier one: as a join into the folder that is served, or as a swap.
case "$0" in */*) kit=\${0%/*} ;; *) kit=. ;; esac
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
mode=\${mode:-join}
[ $# -gt 0 ] || usage_error 'name the folder of the site'
[ -n "$1" ] || usage_error 'the folder of the site has no name'
case $mode in
  rollback) [ $# -le 2 ] || usage_error 'name the folder of the site, and one release at most' ;;
  remove) [ $# -eq 2 ] || usage_error 'name the folder of the site, and the release to be removed' ;;
  *) [ $# -eq 1 ] || usage_error 'name one folder' ;;
esac
given=$1
release=\${2:-}

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
    if (match($0, /[0-9]+ +[0-9]+ +-?[0-9]+ +([0-9]+%|-) +\\//)) { split(substr($0, RSTART), figure, " "); printf "%.0f", figure[3] * 1024 }
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
look_at_lock() { seen=$(head -c 4096 <"$lock_file" 2>/dev/null | tr -d '\\000') || seen=; }
field() { printf '%s' "$seen" | sed -n "s/.*\\"$1\\":\\"\\{0,1\\}\\([^\\",}]*\\).*/\\1/p"; }
# abandon: takes away a lock as it was seen. Another process may have found it abandoned at the same time, and taken it.
abandon() {
  mv "$lock_file" "$lock_file.$$" 2>/dev/null || return 0
  judged=$seen
  lock_file=$lock_file.$$
  look_at_lock
  lock_file=\${lock_file%.$$}
  if [ "$seen" != "$judged" ] && [ ! -e "$lock_file" ]; then mv "$lock_file.$$" "$lock_file"; else rm -f "$lock_file.$$"; fi
}
hold() {
  lock_file=$1/.oci-save-update.lock
  host=$(uname -n)
  namespace=$(own_namespace)
  me="{\\"host\\":\\"$host\\"\${namespace:+,\\"namespace\\":\\"$namespace\\"},\\"pid\\":$$"
  start=$(start_of $$) || start=
  me="$me\${start:+,\\"start\\":\\"$start\\"}}"
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
      refuse "another update of $1 is at work (process \${pid:-unknown} on $(field host))" \\
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
    if [ "\${by_path%/*}" != "$by_at" ] || [ $# -ge 100 ]; then
      [ $# -eq 0 ] || "$by" "$by_at" "$@" || return 1
      by_at=\${by_path%/*}
      set --
    fi
    set -- "$@" "\${by_path##*/}"
  done 3<"$by_list"
  [ $# -eq 0 ] || "$by" "$by_at" "$@"
}

# not_whole FOLDER LIST: of the blobs that a list names below a folder, those that have not the bytes that their names say.
not_whole() {
  (cd "$1" && hashes_of "$2") >"$work/hashes" 2>/dev/null || :
  awk 'FILENAME == ARGV[1] { hash[substr($0, 67)] = substr($0, 1, 64); next }
    { blob = $0; sub(/^.*\\//, "", blob) }
    hash[$0] != blob' "$work/hashes" "$2"
}

# Blobs are copied some at a time: small ones take few processes, and a large one is read again while it is in memory.
# add_to_batch BLOB SIZE: fails where it is time to copy those in $work/batch.
batch=0 batch_bytes=0
add_to_batch() {
  printf '%s\\n' "$1" >>"$work/batch"
  batch=$((batch + 1)) batch_bytes=$((batch_bytes + $2))
  [ "$batch" -lt 100 ] && [ "$batch_bytes" -lt 67108864 ]
}
# copy_batch FOLDER [WHAT-FOLLOWS]: copies from the bundle what is not in the folder, or is not whole there; begins a new batch.
copy_batch() {
  [ "$batch" -gt 0 ] || return 0
  for attempt in first again; do
    if [ "$attempt" = first ]; then
      while IFS= read -r blob; do [ -f "$1/$blob" ] || printf '%s\\n' "$blob"; done <"$work/batch"
    else
      not_whole "$1" "$work/batch"
    fi >"$work/absent"
    # What is not whole may be a link to what is whole elsewhere.
    [ "$attempt" = first ] || [ ! -s "$work/absent" ] || (cd "$1" && xargs rm -f <"$work/absent") || exit 1
    [ ! -s "$work/absent" ] || (cd "$bundle/blobs/sha256" && xargs sh -c 'cp "$@" "$0"' "$1/" <"$work/absent") ||
      fail "$1 could not be written" \${2:+"Run this again when there is room: $2"}
  done
  if [ -s "$work/absent" ]; then
    not_whole "$1" "$work/absent" >"$work/damaged"
    [ ! -s "$work/damaged" ] || fail "$1/$(head -n 1 "$work/damaged") is damaged" "The disk or the medium is faulty.\${2:+ Run this again: $2}"
  fi
  batch=0 batch_bytes=0
  : >"$work/batch"
}

. "$kit/lib/join.sh"

# ---- swap ----
# SITE/releases/<12 hex of the lock's digest>/ is one bundle each, and SITE/current a link to one of them.
is_release() { [ \${#1} -eq 12 ] && [ -z "$(printf '%s' "$1" | tr -d 0-9a-f)" ]; }

# open_site: sets \`site\` and \`now\`, the current release or nothing. Before it is held, another update may change that.
open_site() {
  site=$(folder_of "$given") || refuse "$given is no folder"
  now=
  [ ! -L "$site/releases" ] || refuse "$site/releases is a link" 'Name the folder that it leads to.'
  if [ -L "$site/current" ]; then
    now=$(readlink "$site/current")
    now=\${now#releases/}
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
    if is_release "$one" && [ -d "$site/releases/$one" ]; then printf '%s\\n' "$one"; fi
  done <"$site/releases/.history" |
    awk -v now="$now" '{ line[NR] = $0; if ($0 == now) last = NR } END { for (at = 1; at <= (last ? last : NR); at++) print line[at] }'
}
# before: the release to which a roll-back goes; nothing where there is none.
before() { way | awk -v now="$now" '$0 != now { last = $0 } END { if (NR) print last }'; }
# remember RELEASE BACK: it is current now. By a roll-back, what came after it is no way back any more.
remember() {
  {
    if [ -n "$2" ]; then way | awk -v to="$1" '$0 == to { exit } { print }'; else way | grep -vx -e "$1" || :; fi
    printf '%s\\n' "$1"
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
    [ -z "$(ls -A "$site" | grep -vx -e 'lost+found' -e '\\.oci-save-update\\.lock')" ] ||
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
  say "$site/current is release $id now\${now:+; it was $now}"
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
  printf '%s\\n' SHA256SUMS SHA256SUMS.registry >>"$work/names"
  ! grep -q -e '^/' -e '^\\.\\.\\{0,1\\}/' -e '/\\.\\.\\{0,1\\}/' -e '/\\.\\.\\{0,1\\}$' -e '^$' "$work/names" ||
    fail "$bundle/SHA256SUMS names files outside of the bundle" 'Do not use this bundle.'
  : >"$work/known"
  for one in "$site"/releases/*/blobs/sha256; do
    [ ! -d "$one" ] || find "$one" -type f | sed 's#^\\(.*\\)/\\(.*\\)$#\\2 \\1#' >>"$work/known"
  done
  sed -n 's#^blobs/sha256/##p' "$work/names" | sort >"$work/pool"
  sed -n 's/^    "\\(sha256:[0-9a-f]*\\)": \\([0-9]*\\),\\{0,1\\}$/\\1 \\2/p' "$bundle/$LOCK" >"$work/sizes"
  awk '
    FILENAME == ARGV[1] { size[substr($1, 8)] = $2; next }
    FILENAME == ARGV[2] { if (!($1 in at)) at[$1] = substr($0, 66); next }
    { print $1 "\\t" ($1 in size ? size[$1] : 0) "\\t" at[$1] }' "$work/sizes" "$work/known" "$work/pool" >"$work/blobs"
  : >"$stage/.probe"
  links=yes
  ln "$stage/.probe" "$stage/.probe2" 2>/dev/null || links=
  rm -f "$stage/.probe" "$stage/.probe2"
  awk -F '\\t' -v links="$links" '
    FILENAME == ARGV[1] { size[substr($0, 8, 64)] = substr($0, 73); next }
    FILENAME == ARGV[2] { if ($3 == "" || !links) need += $2; next }
    !links && sub(/^registry\\/.*\\/blobs\\/sha256\\//, "") { need += size[$0] }
    END { printf "%.0f\\n", need + 1048576 }' "$work/sizes" "$work/blobs" "$work/names" >"$work/need"
  check_room "$(cat "$work/need")" "$site"
  sed -n 's#^\\(.*\\)/[^/]*$#./\\1#p' "$work/names" | sort -u | tr '\\n' '\\000' | (cd "$stage" && xargs -0 mkdir -p) ||
    fail "$stage could not be written"
  count=$(wc -l <"$work/blobs" | tr -d ' ')
  note "copying $count blobs"
  number=0
  : >"$work/earlier"
  while IFS="$tab" read -r blob size from <&4; do
    number=$((number + 1))
    [ ! -t 2 ] || progress "copied $number of $count blobs"
    [ -z "$from" ] || printf '%s\\n' "$from/$blob" >>"$work/earlier"
    add_to_batch "$blob" "$size" || copy_to_release
  done 4<"$work/blobs"
  copy_to_release
  progress_end
  grep '^registry/.*/blobs/sha256/' "$work/names" | sort -u >"$work/links"
  by_folder link_in_release "$work/links" || fail "$stage could not be written"
  # zot removes its marker.
  grep -v -e '^blobs/sha256/' -e '^registry/.*/blobs/sha256/' "$work/names" | while IFS= read -r one; do
    [ ! -f "$bundle/$one" ] || printf './%s\\n' "$one"
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
  [ -n "$to" ] || refuse "$site has no release before \${now:-the current one}" "sh kit/update.sh --list $(word_of "$site") shows what there is; name the one that you want."
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
  awk -F '\\t' '
    # Nobody has checked what is in it.
    /^#/ || $9 == "referrer" || ($8 ":" $2) !~ /^[A-Za-z0-9._:\\/-]+$/ { next }
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
  printf '%s\\t%s\\t%s\\t%s\\t%s\\t%s\\n' RELEASE IMAGES SIZE '' SINCE 'UNLIKE THE CURRENT ONE'
  for one in "$site"/releases/*/; do
    one=\${one%/}
    id=\${one##*/}
    is_release "$id" || continue
    images=$(grep -c '^      "ref": ' "$one/$LOCK" || :)
    size=$(sed -n 's/^    "sha256:[0-9a-f]*": \\([0-9]*\\),\\{0,1\\}$/\\1/p' "$one/$LOCK" | awk '{ n += $1 } END { printf "%.0f", n }')
    mark=
    [ "$id" != "$earlier" ] || mark='a roll-back goes here'
    [ "$id" != "$now" ] || mark=current
    # A date that takes no file here tells nothing.
    since=$(date -r "$one" '+%Y-%m-%d %H:%M' 2>/dev/null) || since=-
    printf '%s\\t%s\\t%s\\t%s\\t%s\\t%s\\n' "$id" "$images" "$(readable "$size")" "$mark" "$since" "$(unlike_current "$id")"
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
`,
  'verify.sh': `#!/bin/sh
# Checks this folder: hashes every byte once, compares it with what was saved, and names what is damaged, with the images
# that need it. Nothing is written here.
case "$0" in */*) kit=\${0%/*} ;; *) kit=. ;; esac
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
  if [ \${#newer} -eq 64 ]; then
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
  find . "$@" -print0 2>>"$work/unreadable" | tr '\\n\\000' '\\001\\n'
}
: >"$work/unreadable"
list -type f -links +1 >"$work/linked"
list -type f ! -links +1 >"$work/single"
list ! -type f ! -type d >"$work/odd"

# is_whole NAME: whether a file at the top or in kit/ is what SHA256SUMS says. What is not is used for nothing.
is_whole() {
  [ -f "$1" ] && [ ! -L "$1" ] && [ ! -L "\${1%/*}" ] && grep -qxF "$(hash_of "$1")  $1" SHA256SUMS
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
awk -F '"' '$2 ~ /^sha256:/ && $3 ~ /^: [0-9]+,?$/ { sub(/^: /, "", $3); sub(/,$/, "", $3); print substr($2, 8), $3 }' \\
  "$lock" >"$work/sizes"

for one in faults files pool copies links extra missing; do : >"$work/$one"; done

# What has to be hashed, what is missing, and what is here besides. Of the lines in the sums, none is used that leads out of
# this folder. \`links\` is a script that compares, without a process for each, names with their files in blobs/.
awk -v work="$work" -v by_name="$by_name" '
  function fault(path, why) { print path "\\t" why >>(work "/faults") }
  function is_unsafe(path) {
    return path == "" || path ~ /[[:cntrl:]\\\\]/ || path ~ /^\\// || path ~ /\\/$/ || path ~ /\\/\\// || path ~ /(^|\\/)\\.\\.?(\\/|$)/
  }
  # The digits in the name of a blob, or nothing.
  function hex_in(path, hex) {
    if (path !~ /(^|\\/)blobs\\/sha256\\/[0-9a-f]+$/) return ""
    hex = path
    sub(/^.*\\//, "", hex)
    return length(hex) == 64 ? hex : ""
  }
  function bad_line(why) {
    if (bad[kind]++ == 0) first[kind] = "line " FNR " " why
  }
  function take(path, hex, linked, repository, own) {
    own = hex_in(path)
    if (own == "") print hex "  ./" path >(work "/files")
    else if (path ~ /^blobs\\//) print hex "  ./" path >(work "/pool")
    else if (linked && named["blobs/sha256/" hex] && path ~ /^registry\\/[A-Za-z0-9._\\/-]+$/) {
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
    if (kind == "SHA256SUMS.registry" && (own == "" || path !~ /^registry\\//)) { bad_line("names what is no blob of a repository"); next }
    if (own != "" && own != hex) { bad_line("has another digest than the name of its blob"); hex = own }
    if (path in want) { bad_line("names a file twice"); next }
    want[path] = hex
    if (kind == "SHA256SUMS") named[path] = 1
    next
  }
  kind == "sizes" { if (!(("blobs/sha256/" $1) in named)) lacks++; next }
  kind == "images" { if ($0 !~ /^#/) { split($0, column, "\\t"); repositories["registry/" column[8]] = 1 } next }
  kind == "odd" {
    path = substr($0, 3)
    odd[path] = 1
    if (path in want) { fault(path, "is a symbolic link, or no regular file"); delete want[path] }
    else print path "\\todd" >(work "/extra")
    next
  }
  {
    path = substr($0, 3)
    if (path in want) { take(path, want[path], kind == "linked"); delete want[path] }
    else if (by_name && path ~ /^registry\\// && hex_in(path) != "" && !is_unsafe(path)) take(path, hex_in(path), kind == "linked")
    else if (path != "SHA256SUMS") print path "\\t" >(work "/extra")
  }
  END {
    for (kind in bad) fault(kind, first[kind] (bad[kind] > 1 ? ", and " (bad[kind] - 1) " more lines are wrong" : ""))
    for (path in want) {
      above = path
      why = "is missing"
      while (sub(/\\/[^\\/]*$/, "", above)) if (above in odd) why = "lies behind a symbolic link"
      # A server takes it away while it scans its folder.
      if (path == "registry/_restore_complete") print path "\\t" why >(work "/missing")
      else fault(path, why)
    }
    # The end of the sums may be cut off: other files say what they have to name.
    count = split("README.txt SHA256SUMS.registry index.json kit/lib/common.sh kit/images.tsv kit/manifests.tsv kit/verify.sh manifest.json oci-layout oci-save.lock.json registry/_restore_complete report.html", fixed, " ")
    for (at = 1; at <= count; at++) if (!(fixed[at] in named)) lacks++
    for (path in repositories) lacks += !((path "/index.json") in named) + !((path "/oci-layout") in named)
    if (lacks) fault("SHA256SUMS", "does not name " lacks (lacks == 1 ? " file" : " files") " that the bundle has: it was cut off or changed")
  }
' kind=SHA256SUMS ./SHA256SUMS kind=SHA256SUMS.registry "$registry_sums" kind=sizes "$work/sizes" kind=images "$images" \\
  kind=odd "$work/odd" kind=linked "$work/linked" kind=single "$work/single"

# A name of a blob below registry/ that is the same file as the one in blobs/ is as good as that one. Where a file system
# knows no links, no file has a second name, whatever numbers it makes up for them: those are hashed.
e() {
  [ "$r/blobs/sha256/$1" -ef "blobs/sha256/$1" ] 2>/dev/null ||
    printf '%s  ./%s/blobs/sha256/%s\\n' "$1" "$r" "$1" >&3
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
    printf "%d %.0f %d\\n", number, bytes, count >(work "/batches")
    number++
    bytes = count = 0
  }
  BEGIN { number = 1; printf "" >(work "/batches") }
  kind == "sizes" { size[$1] = $2; next }
  {
    own = $0
    sub(/^.*\\//, "", own)
    if (count == 1000 || (count > 0 && bytes + size[own] > 134217728)) close_batch()
    print >(work "/batch." number)
    bytes += size[own]
    count++
    all += size[own]
    total++
  }
  END {
    close_batch()
    printf "%.0f %d\\n", all, total >(work "/total")
  }
' kind=sizes "$work/sizes" kind=lists "$work/files" "$work/pool" "$work/copies"
read -r total_bytes total_files <"$work/total"

# amount BYTES: in the unit that people read.
amount() {
  awk -v bytes="$1" 'BEGIN {
    split("KiB MiB GiB TiB", unit, " ")
    if (bytes < 1024) { print bytes " bytes"; exit }
    for (at = 0; bytes >= 1024 && at < 4; at++) bytes /= 1024
    printf "%.1f %s\\n", bytes, unit[at]
  }'
}

# hash_batch FILE: adds what is right to \`right\`: "./NAME: OK", or "DIGEST  ./NAME".
hash_batch() {
  if has sha256sum; then
    sha256sum -c "$1" >>"$work/right" 2>>"$work/errors" &
  elif has shasum; then
    shasum -a 256 -c "$1" >>"$work/right" 2>>"$work/errors" &
  elif has openssl; then
    cut -c 67- "$1" | tr '\\n' '\\000' >"$work/names"
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
    printf '\\rchecked %s of %s, %s %%%s ' "$done_files" "$total_files files" "$percent" "$total" >&2
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
    else if (match($0, /\\)= [0-9a-f]+$/)) {
      hex = substr($0, RSTART + 3)
      name = substr($0, 1, RSTART - 1)
      sub(/^[^(]*\\(/, "", name)
      right[hex "  " name] = 1
    }
    next
  }
  !($0 in right) && !(substr($0, 67) in right) { print substr($0, 67) }
' kind=right "$work/right" kind=lists "$work/files" "$work/pool" "$work/copies" >"$work/failed"
tr '\\n' '\\000' <"$work/failed" >"$work/names"
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
    sub(/^.*\\//, "", own)
    if (path == "registry/_restore_complete") { print path >(work "/mark"); next }
    if (path ~ /^registry\\/.*\\/(index\\.json|oci-layout)$/ && !($0 in error)) { print >(work "/rewritten"); next }
    why = "is damaged: its bytes are not those that were saved"
    if (own in size && $0 in has && size[own] != has[$0]) why = "has " has[$0] " bytes instead of " size[own]
    else if ($0 in error && error[$0] ~ /[a-z]/ && error[$0] !~ /FAILED|did NOT match/) why = "cannot be read: " error[$0]
    print path "\\t" why >>(work "/faults")
  }
  BEGIN { quotes = sprintf("[%c\\"]", 39); printf "" >(work "/rewritten") }
' kind=sizes "$work/sizes" kind=listed "$work/listed" kind=errors "$work/errors" kind=failed "$work/failed"

# zot writes 0 there where it cannot remove the file, to say that its folder has to be scanned.
[ ! -e "$work/mark" ] || [ "$(head -c 4 registry/_restore_complete | tr -d '\\000')" = 0 ] ||
  printf '%s\\t%s\\n' registry/_restore_complete 'is not what a server writes there' >>"$work/faults"

# A repository that somebody pushed has an index.json, too.
awk -F '\\t' '$2 == "" && $1 ~ /^registry\\/.*\\/index\\.json$/ { print "./" $1 }' "$work/extra" >"$work/pushed"

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
      low = "\\n" tolower(value) "\\n"
      if (value ~ /\\\\/ || index(keys[depth], low)) bad("cannot be judged: a name in it is written twice, or in an odd way")
      if (index(known, low) && !index(known, "\\n" value "\\n")) bad("cannot be judged: a name in it is written in capitals")
      keys[depth] = keys[depth] low
    }
    function is_entry(at) {
      return depth == at && opened[1] == "{" && key[1] == "manifests" && opened[2] == "[" && opened[3] == "{"
    }
    function open_value(type) {
      if (depth == 0 && type != "{") bad("is not an index of a layout")
      if (depth == 1 && key[1] == "manifests") { if (type == "[") listed = 1; else bad("is not an index of a layout") }
      if (depth == 2 && key[1] == "manifests" && type != "{") bad("is not an index of a layout")
      if (is_entry(3) && key[3] != "annotations" && index(known, "\\n" key[3] "\\n")) bad("is not an index of a layout")
      depth++
      if (depth > 60) { bad("is not an index of a layout"); depth = 60 }
      opened[depth] = type
      state[depth] = type == "{" ? "key0" : "value0"
      keys[depth] = "\\n"
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
      if (type != "s" || value ~ /\\\\/) bad("cannot be judged: a value in it is written in an odd way")
      return value
    }
    function end_entry() {
      if (digest == "") bad("is not an index of a layout")
      else lines[++count] = (tag == "" ? "-" : tag) "\\t" digest "\\t" (media == "" ? "-" : media) "\\t" (size == "" ? "-" : size)
    }
    function outside(text, at, end, c) {
      gsub(/[ \\t\\r\\n]+/, " ", text)
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
      if (literal !~ /^(true|false|null|-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?)$/) bad("is no JSON")
      token("l", literal)
      literal = ""
    }
    function inside(text, rest) {
      rest = text
      if (rest ~ /[[:cntrl:]]/) bad("is no JSON")
      if (rest ~ /\\\\/) {
        gsub(/\\\\(["\\\\\\/bfnrt]|u[0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f])/, "", rest)
        if (rest ~ /\\\\/) bad("is no JSON")
      }
      token("s", text)
    }
    function read_file(file, record, quoted, text, at, got) {
      depth = count = listed = quoted = 0
      why = schema = top = literal = text = ""
      state[0] = "value"
      RS = "\\""
      while ((got = (getline record <file)) > 0 && why == "") {
        if (!quoted) { outside(record); quoted = 1; text = ""; continue }
        text = text record
        match(record, /\\\\*$/)
        if (RLENGTH % 2 == 1) { text = text "\\""; continue }
        inside(text)
        quoted = 0
      }
      close(file)
      RS = "\\n"
      if (got < 0) bad("cannot be read")
      if (depth != 0 || state[0] != "next") bad("is no JSON: it may be cut off")
      if (schema != "2" || !listed || (top != "" && top != "application/vnd.oci.image.index.v1+json")) bad("is not an index of a layout")
      if (why != "") print "wrong\\t" file "\\t" why
      else {
        print "index\\t" file
        for (at = 1; at <= count; at++) print "entry\\t" file "\\t" lines[at]
      }
    }
    BEGIN {
      ref_name = "org.opencontainers.image.ref.name"
      known = "\\nschemaVersion\\nmediaType\\nmanifests\\ndigest\\nsize\\nannotations\\n" ref_name "\\n"
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
      printf 'wrong\\t%s\\t%s\\n' "$file" 'is larger than any index' >>"$work/entries"
    elif [ "$(($(tr -cd '\\000' <"$file" | wc -c)))" -gt 0 ]; then
      printf 'wrong\\t%s\\t%s\\n' "$file" 'is no JSON' >>"$work/entries"
    else
      printf '%s\\n' "$file"
    fi
  done >"$work/indexes"
  read_indexes "$work/indexes" >>"$work/entries"
  grep '/oci-layout$' "$work/rewritten" | while IFS= read -r file; do
    [ "$(head -c 1000 "$file" | tr -d ' \\t\\r\\n')" = '{"imageLayoutVersion":"1.0.0"}' ] ||
      printf '%s\\t%s\\n' "\${file#./}" 'is not that of an OCI layout' >>"$work/faults"
  done
fi

# Each of our tags has to mean what it meant, and each manifest has to be listed: a server finds it there alone. Other tags
# are somebody's.
awk -F '\\t' -v work="$work" '
  function repository_of(file) {
    sub(/^\\.\\/registry\\//, "", file)
    sub(/\\/index\\.json$/, "", file)
    return file
  }
  function fault(repository, why) { print "registry/" repository "/index.json\\t" why >>(work "/faults") }
  kind == "manifests" { if ($0 !~ /^#/) { media[$1] = $2; size[$1] = $3 } next }
  kind == "rewritten" { ours[repository_of($0)] = 1; next }
  kind == "images" {
    if ($0 ~ /^#/ || !($8 in ours)) next
    if ($2 != "-" && !(($8, $2) in means)) tags[$8] = tags[$8] " " $2
    means[$8, $2] = $3
    next
  }
  kind == "registry" {
    if (!match($0, /\\/blobs\\/sha256\\/[0-9a-f]+$/)) next
    repository = substr($0, 76, RSTART - 76)
    digest = "sha256:" substr($0, RSTART + 14)
    if (repository in ours && digest in media) { need[repository, digest] = 1; needs[repository] = needs[repository] " " digest }
    next
  }
  { repository = repository_of($2); is_ours = repository in ours }
  $1 == "wrong" {
    if (is_ours) { fault(repository, $3); delete ours[repository] }
    else print repository "\\t" $3 >(work "/others")
    next
  }
  $1 == "index" { if (!is_ours) print repository "\\t" >(work "/others"); next }
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
' kind=manifests "$manifests" kind=rewritten "$work/rewritten" kind=images "$images" kind=registry "$registry_sums" \\
  kind=entries "$work/entries"
if [ -s "$work/rewritten" ] && { [ "$images" = /dev/null ] || [ "$manifests" = /dev/null ]; }; then
  sed 's|^\\./||; s|$|'"$tab"'is not as it was written, and what says what it has to mean is damaged|' "$work/rewritten" >>"$work/faults"
fi

# What could not be read at all: a folder, a worn medium.
awk '{ sub(/^.*find: /, ""); print "(find)\\tcannot be read: " $0 }' "$work/unreadable" >>"$work/faults"

# The faults, each with the images that need what is damaged.
sort -u "$work/faults" >"$work/sorted"
# What of the same blobs is whole in another place.
: >"$work/whole"
[ ! -s "$work/sorted" ] || awk -F '\\t' '
  kind == "sorted" { if (match($1, /blobs\\/sha256\\/[0-9a-f]+$/)) bad[substr($1, RSTART + 13)] = 1; next }
  kind == "failed" { failed[$0] = 1; next }
  substr($0, 1, 64) in bad && !(substr($0, 67) in failed)
' kind=sorted "$work/sorted" kind=failed "$work/failed" kind=lists "$work/pool" "$work/copies" >"$work/whole"
awk -F '\\t' -v tables="$([ "$images" = /dev/null ] || [ "$manifests" = /dev/null ] || printf 1)" -v work="$work" '
  function shown(text) {
    gsub(/[[:cntrl:]]/, "?", text)
    gsub("\\302[\\200-\\237]|\\342\\200[\\213-\\217\\250-\\256]|\\342\\201[\\240-\\257]", "?", text)
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
  function is_plain(file) { return file ~ /^(registry\\/[A-Za-z0-9][A-Za-z0-9._\\/-]*\\/)?blobs\\/sha256\\/[0-9a-f]+$/ }
  # One entry for each blob and what is wrong with it, in however many places.
  {
    if ($1 != last) total++
    last = $1
    if ($1 == "(find)") { entry[++entries] = $1; reason[entries] = $2; next }
    digest = ""
    if ($1 ~ /(^|\\/)blobs\\/sha256\\/[0-9a-f]+$/) {
      digest = $1
      sub(/^.*\\//, "", digest)
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
    if (path !~ /^registry\\//) return ""
    path = substr(path, 10)
    sub(/\\/(blobs\\/sha256\\/[^\\/]*|index\\.json|oci-layout)$/, "", path)
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
    } else if (path ~ /^(index\\.json|manifest\\.json|oci-layout)$/) {
      print "  needed by all images where they are loaded from here, or copied with skopeo"
      for (at = 1; at <= rows; at++) if (kinds[at] != "referrer") add(" " at, "")
      count_affected()
      cannot++
      return
    } else if (path ~ /^registry\\//) add(in_folder[repository_of(path)], repository_of(path))
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
  awk -F '\\t' -v joining="$joining" '
    function shown(text) {
      gsub(/[[:cntrl:]]/, "?", text)
      gsub("\\302[\\200-\\237]|\\342\\200[\\213-\\217\\250-\\256]|\\342\\201[\\240-\\257]", "?", text)
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
      if (path ~ /^\\.oci-save-update/ || ($2 == "" && path ~ /^blobs\\/sha256\\/[0-9a-f]+$/)) next
      if (joining && path ~ /^(kit\\/.*|registry\\/.*\\/(oci-layout|blobs\\/sha256\\/[0-9a-f]+))$/) next
      if (path ~ /^registry\\/(cache\\.db|meta\\.db|hardlinkcheck\\.txt|duphardlinkcheck\\.txt)$/ && $2 == "") { tell(state, path); next }
      if (match(path, /^registry\\/(_trivy|_sessions)\\//) || match(path, /^registry\\/.*\\/\\.(uploads|sync)\\//)) {
        folder = substr(path, 1, RLENGTH)
        if (!(folder in once)) tell(state, folder)
        once[folder] = 1
        next
      }
      repository = path
      if (sub(/^registry\\//, "", repository) && sub(/\\/(index\\.json|oci-layout|blobs\\/.*)$/, "", repository)) {
        if (repository in other) next
        if (path ~ /\\/blobs\\/sha256\\/[0-9a-f]+$/) {
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
  ' kind=others "$work/others" kind=tagged "$work/tagged" kind=has_tags "$work/has_tags" kind=untagged "$work/untagged" \\
    kind=missing "$work/missing" kind=extra "$work/extra"
  say "sha256 of SHA256SUMS: $sums_hash"
fi
# Into the pool neither a server nor a push writes: only an update does, and who unpacks.
but=
[ -z "$joining" ] || but=' but for the update'
strays=$(grep -c "^blobs/sha256/[0-9a-f]*$tab\\$" "$work/extra" || :)
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
`,
};
