# Which repositories of registry/ are whole, and a root for zot that is made of links to them. Sourced after common.sh; the
# scripts set `served`, the path of registry/ from which is served.

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
      if ($8 !~ /^[a-z0-9][a-z0-9._\/-]*$/ || $8 ~ /(^|\/)\.\.?(\/|$)/) { print "lack", $8 ": a name that no registry takes"; next }
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
# Sets `is_pooled` where there are such, `aliases` to how many names of docker.io are there a second time, `no_alias` to
# those that are not, since another folder has the name.
make_root() {
  root=$1 is_pooled='' aliases=0 no_alias=''
  mkdir "$root"
  # It spares zot a scan of all blobs when it starts.
  printf 1 >"$root/_restore_complete"
  for top in "$served"/*/; do
    top=${top%/}
    top=${top##*/}
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
    top=${top%/}
    top=${top##*/}
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
    top=${top%/}
    top=${top##*/}
    # A link has been looked at when it was there at the start; of later ones nobody knows where they lead.
    if [ "$top" = '*' ] || [ -e "$1/$top" ] || [ -L "$served/$top" ]; then continue; fi
    ln -s "$served/$top" "$1/$top"
  done
  add_aliases "$1"
}
# add_repositories FOLDER LIST: each repository below it for itself; also one that is in neither table, whose blobs are its own.
# There may be thousands: each costs one process.
add_repositories() {
  (cd -- "$served" && find -L "$1" -type f \( -name index.json -o -name oci-layout \)) |
    grep '^[a-z0-9][a-z0-9._/-]*$' >"$work/small"
  (cd -- "$served" && tar -chf - -T "$work/small") | tar -xf - -C "$root"
  sed -n 's/\/index\.json$//p' "$work/small" |
    awk 'NR == FNR { if ($1 == "pool") pool[$2] = 1; next } { print (($0 in pool) ? "pool" : "own"), $0 }' "$2" - |
    while read -r kind repository; do
      [ -f "$root/$repository/oci-layout" ] || printf '{"imageLayoutVersion":"1.0.0"}' >"$root/$repository/oci-layout"
      case "$kind" in
        pool) ln -s "$bundle/blobs" "$root/$repository/blobs" ;;
        *) ln -s "$served/$repository/blobs" "$root/$repository/blobs" ;;
      esac
    done
}
