# The lock and the tables of two bundles over one pool, for update.sh. It does what `oci-save unpack --join` does: the
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
  if (host ~ /^\[.*\]/) {
    port = host
    sub(/^.*\]:?/, "", port)
    sub(/\].*$/, "", host)
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
  return first ~ /[.:A-Z]/ || first == "localhost" || first ~ /^\[/
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
      if (line == "  \"images\": [") state = "images"
      else if (line == "  \"images\": [],") state = "files"
      else if (line != "{" && line != "  \"version\": 1,") odd(side)
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
      if (key == "names") { if (line != "      \"names\": [") odd(side); state = "names" }
      else if (key == "referrers") state = line ~ /\[$/ ? "referrers" : "image"
      else if (key == "ref") ref[i] = value(line)
      else {
        body[i] = body[i] line "\n"
        if (key == "source") source[i] = value(line)
        else if (key == "digest") own[i] = value(line)
        else if (key == "root") root[i] = value(line)
        else if (key == "index") narrow[i] = value(line)
        if (line ~ /\[$/ || line ~ /\{$/) state = key
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
      if (line != "  \"files\": [],") odd(side)
      state = "before blobs"
    } else if (state == "before blobs") {
      if (line == "  \"blobs\": {") state = "blobs"
      else if (line == "  \"blobs\": {}") state = "end"
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
      body[i] = body[i] line "\n"
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
  for (j = 1; j <= nn[i]; j++) if (nm[i, j] !~ /^[][A-Za-z0-9._:\/-]+$/ || nm[i, j] !~ /:/) odd(side)
  if (!nn[i] || !is_digest(own[i]) || !is_digest(root[i])) odd(side)
  for (k = 1; k <= nl[i]; k++) {
    if (!is_digest(leaf[i, k, "digest"]) || !is_digest(leaf[i, k, "config"])) odd(side)
    if (((i, k, "platform") in leaf) && leaf[i, k, "platform"] !~ /^[A-Za-z0-9_.\/:+~-]+$/) odd(side)
  }
  for (k = 1; k <= nr[i]; k++) if (!is_digest(rf[i, k, "digest"]) || !is_digest(rf[i, k, "subject"])) odd(side)
  tagged[i] = narrow[i] == "narrow" ? root[i] : ((i, own[i]) in new_of) ? new_of[i, own[i]] : own[i]
}

function read_tables(folder, side,    line, parts, file, status) {
  file = folder "/kit/manifests.tsv"
  while ((status = (getline line < file)) > 0) {
    if (line ~ /^#/) continue
    if (split(line, parts, "\t") != 4 || !is_digest(parts[1]) || parts[2] !~ /^[A-Za-z0-9.+\/_-]+$/ || parts[3] !~ /^[0-9]+$/ || parts[4] ~ /[^-a-f0-9sh: ]/) fault(file " is not the table of a kit")
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
    split(line, parts, "\t")
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
  while (match(text, /"digest"[ \t\n\r]*:[ \t\n\r]*"sha256:[0-9a-f]+"/)) {
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
  while ((getline line < file) > 0) text = text line "\n"
  close(file)
  if (text != "") return text
  file = older "/blobs/sha256/" hex(digest)
  while ((getline line < file) > 0) text = text line "\n"
  close(file)
  return text
}

# ---- joining: src/lock/merge-locks.ts ----
function referrers_text(id, stripped,    b, m, text, tag) {
  b = base[id]
  if (!nr[b]) return "      \"referrers\": []\n"
  text = "      \"referrers\": [\n"
  for (m = 1; m <= nr[b]; m++) {
    tag = ((b, m, "tag") in rf) && !(stripped && ((id, m) in strip))
    text = text "        {\n          \"digest\": \"" rf[b, m, "digest"] "\",\n          \"mediaType\": \"" rf[b, m, "mediaType"] "\",\n"
    if ((b, m, "artifactType") in rf) text = text "          \"artifactType\": \"" rf[b, m, "artifactType"] "\",\n"
    text = text "          \"subject\": \"" rf[b, m, "subject"] "\"" (tag ? ",\n          \"tag\": \"" rf[b, m, "tag"] "\"" : "") "\n"
    text = text "        }" (m < nr[b] ? "," : "") "\n"
  }
  return text "      ]\n"
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
      print stored "\t" given > (out "/moved")
    }
    if (!n) continue
    sort_list(list, n)
    key = ref[i]
    if (!kept && source[i] != "docker") key = list[1]
    else if (!kept && !index(key, "@")) { sub(/:[^:\/]*$/, "", key); key = key "@" own[i] }
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
    order_of[++n] = ref[id] "\001" key "\001" (BASE + id)
  }
  sort_list(order_of, n)
  for (x = 1; x <= n; x++) { split(order_of[x], group, "\001"); ids["joined", x] = group[3] - BASE }
  size_of["joined"] = n
}
# An image of the joined lock; the one that is there already where only the names differ. Sets joined_id.
function add_joined(i, new_ref, from,    key, m) {
  key = new_ref "\n" body[i] referrers_text(from, 1)
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
  printf "{\n  \"version\": 1,\n  \"images\": [" > file
  n = size_of[side]
  for (x = 1; x <= n; x++) {
    id = ids[side, x]
    printf "%s    {\n      \"ref\": \"%s\",\n      \"names\": [\n", (x > 1 ? "" : "\n"), ref[id] > file
    for (j = 1; j <= nn[id]; j++) printf "        \"%s\"%s\n", nm[id, j], (j < nn[id] ? "," : "") > file
    printf "      ],\n" > file
    printf "%s", body[base[id]] > file
    printf "%s", referrers_text(id, side == "joined") > file
    printf "    }%s\n", (x < n ? "," : "") > file
  }
  printf "%s],\n  \"files\": [],\n  \"blobs\": {", (n ? "  " : "") > file
  for (x = 1; x <= blobs[side]; x++) {
    digest = blob[side, x]
    printf "%s    \"%s\": %s", (x > 1 ? ",\n" : "\n"), digest, bytes[side, digest] > file
  }
  printf "%s}\n}\n", (blobs[side] ? "\n  " : "") > file
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
  for (x = 1; x <= blobs[side]; x++) print hex(blob[side, x]) "\t" bytes[side, blob[side, x]] > file
  close(file)
}

function is_index(digest) { return type[digest] ~ /(image\.index|manifest\.list)/ }

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
  if (writing) print hex(digest) "\t" folder > (out "/links")
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
    for (j = 1; j <= tag_count[f]; j++) print f "\t" tag_list[f, j] "\t" digest_at[f ":" tag_list[f, j]] > (out "/tags." side)
    for (m = 1; m <= ref_count[f]; m++) {
      key = ref_list[f, m]
      for (j = 1; j <= sign_count[f, key]; j++) print f "\t" sign_tags[f, key, j] "\t" key > (out "/tags." side)
    }
  }
}

function entry(digest, tag, name,    text) {
  if (!(digest in type)) return ""
  text = "    {\n      \"mediaType\": \"" type[digest] "\",\n      \"digest\": \"" digest "\",\n      \"size\": " length_of[digest]
  if (name != "") text = text ",\n      \"annotations\": {\n        \"io.containerd.image.name\": \"" name "\",\n        \"org.opencontainers.image.ref.name\": \"" name "\"\n      }"
  else if (tag != "") text = text ",\n      \"annotations\": {\n        \"org.opencontainers.image.ref.name\": \"" tag "\"\n      }"
  return text "\n    }"
}
function start_index(file) { printf "{\n  \"schemaVersion\": 2,\n  \"mediaType\": \"application/vnd.oci.image.index.v1+json\",\n  \"manifests\": [" > file; entries = 0 }
function add_entry(file, text) { if (text != "") printf "%s%s", (entries++ ? ",\n" : "\n"), text > file }
function end_index(file) { printf "%s]\n}\n", (entries ? "\n  " : "") > file; close(file) }

function write_layouts(    x, j, m, n, file, parts, list, key, named) {
  writing = 1
  for (x = 1; x <= repository_count; x++) {
    folder = repositories[x]; folder_run = x; held_count = n = 0
    split("", list); split("", named)
    for (j = 1; j <= tag_count[folder]; j++) {
      key = digest_at[folder ":" tag_list[folder, j]]
      list[++n] = tag_list[folder, j] "\001" key
      run++
      visit(key, folder ":" tag_list[folder, j])
      add_held(key)
    }
    for (m = 1; m <= ref_count[folder]; m++) {
      key = ref_list[folder, m]
      for (j = 1; j <= sign_count[folder, key]; j++) list[++n] = sign_tags[folder, key, j] "\001" key
      run++
      visit(key, "*")
      add_held(key)
    }
    sort_list(list, n)
    file = out "/layout." x
    print x "\t" folder > (out "/layouts")
    start_index(file)
    for (j = 1; j <= n; j++) {
      split(list[j], parts, "\001")
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
    if (!first && (leaf[b, k, "platform"] == "linux/amd64" || leaf[b, k, "digest"] == root[b]) && read_blob(leaf[b, k, "digest"]) !~ /"application\/vnd\.docker\.[^"]*\.zstd"/) first = 1
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
  for (j = 1; j <= n; j++) list[j] = rank_by_root[of[list[j]]] "\001" list[j]
  sort_list(list, n)
  file = out "/index.json"
  start_index(file)
  for (j = 1; j <= n; j++) { split(list[j], parts, "\001"); add_entry(file, entry(of[parts[2]], "", parts[2])) }
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
    list[k] = parts[1] "\001" (BASE + k)
  }
  sort_list(list, m)
  file = out "/manifest.json"
  printf "[" > file
  for (x = 1; x <= m; x++) {
    split(list[x], parts, "\001")
    k = parts[2] - BASE; b = docker_image[k]
    printf "%s  {\n    \"Config\": \"blobs/sha256/%s\",\n    \"RepoTags\": [\n", (x > 1 ? ",\n" : "\n"), hex(leaf[b, docker_leaf[k], "config"]) > file
    for (j = 1; j <= tags[k]; j++) printf "      \"%s\"%s\n", tag_at[k, j], (j < tags[k] ? "," : "") > file
    printf "    ],\n    \"Layers\": [" > file
    n = split(layers[b, docker_leaf[k]], layer, " ")
    for (j = 1; j <= n; j++) printf "%s      \"blobs/sha256/%s\"", (j > 1 ? ",\n" : "\n"), hex(layer[j]) > file
    printf "%s]\n  }", (n ? "\n    " : "") > file
  }
  printf "%s]\n", (m ? "\n" : "") > file
  close(file)
}

function write_tables(    x, y, id, b, j, k, m, n, name, common, end, f, key, list, file, digest) {
  file = out "/manifests.tsv"
  print "# digest\tmediaType\tsize\tcontent" > file
  for (digest in type) list[++n] = digest
  sort_list(list, n)
  for (j = 1; j <= n; j++) print list[j] "\t" type[list[j]] "\t" length_of[list[j]] "\t" content[list[j]] > file
  close(file)
  file = out "/images.tsv"
  print "# name\ttag\tdigest\tplatform\tconfig\tleaf\troot\trepository\tkind\tsubject" > file
  for (y = 0; y <= 2; y++) for (x = 1; x <= size_of["joined"]; x++) {
    id = ids["joined", x]; b = base[id]
    if (rank_of(id) != y) continue
    for (j = 1; j <= nn[id]; j++) {
      name = root_name(id, nm[id, j])
      common = (name == "" ? "-" : name_of(name)) "\t" tag_of(nm[id, j]) "\t" tagged[b] "\t"
      end = "\t" root[b] "\t" folder_of(nm[id, j]) "\t"
      m = 0
      for (k = 1; k <= nl[b]; k++) {
        if (!((b, k, "platform") in leaf) || ((b, k, "attests") in leaf)) continue
        m++
        print common leaf[b, k, "platform"] "\t" leaf[b, k, "config"] "\t" leaf[b, k, "digest"] end ((leaf[b, k, "digest"] in opaque) ? "opaque" : "image") "\t-" > file
      }
      if (!m) print common "-\t-\t-" end "artifact\t-" > file
    }
  }
  for (x = 1; x <= repository_count; x++) {
    f = repositories[x]
    for (m = 1; m <= ref_count[f]; m++) {
      key = ref_list[f, m]
      end = "\t" key "\t-\t-\t-\t" key "\t" f "\treferrer\t" subject[key]
      if (!sign_count[f, key]) print "-\t-" end > file
      for (j = 1; j <= sign_count[f, key]; j++) print "-\t" sign_tags[f, key, j] end > file
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
      if (!(place in had)) print nm[i, j] "\tnew" > (out "/added")
      else if (had[place] != tagged[i]) print nm[i, j] "\tmoved" > (out "/added")
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
