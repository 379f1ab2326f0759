# How update.sh adds a bundle to one that is served. First blobs come, then each index.json by rename, so that every pull
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
  case ${site%/*} in
    */releases)
      if [ -L "${site%/*/*}/current" ]; then refuse "$site is a release" "Bring the new one beside it: sh kit/update.sh --swap $(word_of "${site%/*/*}")"; fi
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
    case $one in registry/*) [ ! "$site/$one" -ef "$site/blobs/sha256/${one##*/}" ] || continue ;; esac
    printf '%s\n' "$one"
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
  (cd "$site/registry" && find . -type f) | sed 's#^\./##' >"$plan/there"
  find "$site/blobs/sha256" -type f | sed 's#.*/##' >"$plan/pool"
  awk -F '\t' 'FILENAME == ARGV[1] { has[$1] = 1; next } !($1 in has)' "$plan/pool" "$plan/blobs" >"$plan/missing"
  awk -F '\t' 'FILENAME == ARGV[1] { has[$0] = 1; next } !(($2 "/blobs/sha256/" $1) in has)' "$plan/there" "$plan/links" >"$plan/unlinked"
}

# A zot that takes pushes has what no lock explains, and may be writing an index.json at this moment.
refuse_pushes() {
  (cd "$site/registry" && find . -type d '(' -name .uploads -o -name .sync ')') | sed 's#^\./##' >"$plan/uploads"
  cat "$plan/tags.older" >"$plan/tags"
  cat "$plan/blobs.older" >"$plan/explained"
  if [ -n "$resumed" ]; then
    cat "$plan/tags.joined" >>"$plan/tags"
    cat "$plan/blobs" >>"$plan/explained"
  fi
  awk -F '\t' -v root="$site/registry" '
    # What an index.json names that no lock explains. Strings stand between quotes, so that what is between two strings
    # tells where in the file they are.
    function look(folder,    file, line, text, n, i, parts, k, c, depth, key, digest, tag, value) {
      file = root "/" folder "/index.json"
      text = ""
      while ((getline line < file) > 0) text = text line " "
      close(file)
      gsub(/\\./, "?", text)
      n = split(text, parts, "\"")
      depth = 0
      for (i = 1; i <= n; i++) {
        if (i % 2) {
          for (k = 1; k <= length(parts[i]); k++) {
            c = substr(parts[i], k, 1)
            if (c == "{") { depth++; if (depth == 2) digest = tag = "" }
            if (c == "}") {
              if (depth == 2 && !(digest in known)) print folder "@" digest
              else if (depth == 2 && tag != "" && !((folder "\t" tag "\t" digest) in tags)) print folder ":" tag
              depth--
            }
          }
        } else if (parts[i + 1] ~ /^[ \t]*:[ \t]*$/) key = parts[i]
        else {
          if (depth == 2 && key == "digest") digest = parts[i]
          if (depth == 3 && key == "org.opencontainers.image.ref.name") tag = parts[i]
          key = ""
        }
      }
    }
    FILENAME ~ /\/tags$/ { tags[$0] = 1; folders[$1] = 1; next }
    FILENAME ~ /\/explained$/ { known["sha256:" $1] = 1; next }
    FILENAME ~ /\/uploads$/ { print "registry/" $0; next }
    {
      path = $0
      if (path ~ /^(_restore_complete|cache\.db|meta\.db|hardlinkcheck\.txt|duphardlinkcheck\.txt)$/) next
      if (path ~ /^(_trivy|_sessions)\//) next
      name = path
      sub(/^.*\//, "", name)
      folder = path
      if (name == "index.json" || name == "oci-layout") {
        sub(/\/[^\/]*$/, "", folder)
        if (folder in folders) { if (name == "index.json") look(folder); next }
      } else if (path ~ /\/blobs\/sha256\/[0-9a-f]+$/) {
        sub(/\/blobs\/sha256\/[^\/]*$/, "", folder)
        if ((folder in folders) && (("sha256:" name) in known)) next
      }
      print "registry/" path
    }' "$plan/tags" "$plan/explained" "$plan/uploads" "$plan/there" >"$plan/pushed"
  awk 'FILENAME == ARGV[1] { known[$1] = 1; next } !($1 in known) { print "blobs/sha256/" $1 }' "$plan/explained" "$plan/pool" >>"$plan/pushed"
  [ -s "$plan/pushed" ] || return 0
  note "$(sort -u "$plan/pushed" | head -n 10)"
  refuse "the zot at $site takes pushes: it has $(sort -u "$plan/pushed" | wc -l | tr -d ' ') things that its lock does not explain" \
    'Push the new bundle there instead: sh kit/push.sh HOST:PORT'
}

# plan_kit: what the joined bundle's kit has, into $plan/kit and $plan/mirrors.
plan_kit() {
  # The kit is the newer one: what its sums name, which was checked, and not what somebody may have put beside it.
  kit_names "$bundle" >"$plan/kit"
  ! grep -q -e '/\.\.\{0,1\}/' -e '/\.\.\{0,1\}$' "$plan/kit" ||
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
    sed -n -e 's#^\./\(hosts/.*/hosts\.toml\)$#\1#p' -e 's#^\./\(registries\.conf\)$#\1#p' -e 's#^\./\(k3s-registries\.yaml\)$#\1#p' >"$plan/mirrors"
}

# refuse_obstacles: a folder where a file comes, or another thing where a folder has to be. mv would put the file into it.
refuse_obstacles() {
  {
    awk -F '\t' '{ print "blobs/sha256/" $1 }' "$plan/missing"
    awk -F '\t' '{ print "registry/" $2 "/blobs/sha256/" $1 }' "$plan/unlinked"
    awk -F '\t' '{ print "registry/" $2 "/index.json"; print "registry/" $2 "/oci-layout" }' "$plan/layouts"
    cat "$plan/kit"
    sed 's#^#kit/#' "$plan/mirrors"
    printf '%s\n' index.json manifest.json README.txt report.html SHA256SUMS.registry
  } >"$plan/written"
  (cd "$site" && find . -type d) | sed -n 's#^\./##p' >"$plan/folders"
  (cd "$site" && find . ! -type d) | sed -n 's#^\./##p' >"$plan/files"
  awk '
    kind == "folders" { folder[$0] = 1; next }
    kind == "files" { file[$0] = 1; next }
    $0 in folder { print $0 " is a folder, and a file of the bundle has that name"; next }
    {
      path = $0
      while (sub(/\/[^\/]*$/, "", path)) if (path in file) { print path " is no folder, and the bundle has one of that name"; next }
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
  cp "$1" "$staging/put.${3:-644}.$puts" || fail "$2 could not be written" 'Run this again when there is room: it goes on from here.'
  printf '%s\n' "${3:-644}" "$2" >>"$plan/puts"
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
  need=$(awk -F '\t' -v links="$links" -v blobs="$plan/blobs" '
    BEGIN { while ((getline line < blobs) > 0) { split(line, p, "\t"); size[p[1]] = p[2] } }
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
  awk -F '\t' '{ print "registry/" $2 "/blobs/sha256/" $1 }' "$plan/unlinked" | sort >"$plan/unlinked.sorted"
  by_folder link_names "$plan/unlinked.sorted"
  while IFS="$tab" read -r number folder; do
    [ -d "$site/registry/$folder" ] || mkdir -p "$site/registry/$folder"
    put "$bundle/oci-layout" "$site/registry/$folder/oci-layout"
    put "$plan/layout.$number" "$site/registry/$folder/index.json"
  done <"$plan/layouts"
  settle_puts
}

# kit_names BUNDLE: files of its kit, as its sums name them.
kit_names() { sed -n 's#^[0-9a-f]*  \(kit/..*\)$#\1#p' "$1/SHA256SUMS"; }

bring_rest() {
  put "$plan/lock.json" "$site/$LOCK"
  # What the sums of both say the same of is there: both were checked. Where a join was cut off, the sums may be the older ones.
  if [ -n "$resumed" ]; then cat "$plan/kit"; else
    awk 'FILENAME == ARGV[1] { had[$0] = 1; next } !($0 in had) { print substr($0, 67) }' "$site/SHA256SUMS" "$bundle/SHA256SUMS" |
      grep -Fx -f "$plan/kit" || :
  fi >"$plan/kit.new"
  while IFS= read -r one; do
    case $one in kit/images.tsv | kit/manifests.tsv | kit/hosts/*) continue ;; esac
    [ -d "$site/${one%/*}" ] || mkdir -p "$site/${one%/*}"
    mode=644
    case $one in *.sh) mode=755 ;; esac
    put "$bundle/$one" "$site/$one" $mode
  done <"$plan/kit.new"
  for one in images.tsv manifests.tsv; do put "$plan/$one" "$site/kit/$one"; done
  settle_puts
  bring_mirrors
  kit_names "$site" | grep -v -e '/\.\.\{0,1\}/' -e '/\.\.\{0,1\}$' >"$plan/kit.before" || :
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
    case $one in hosts/*) [ -d "$site/kit/${one%/*}" ] || mkdir -p "$site/kit/${one%/*}" ;; esac
    put "$work/mirrors/$one" "$site/kit/$one"
  done <"$plan/mirrors"
}

# README.txt of the new bundle, with the images and the sizes of both.
write_readme() {
  awk -F '\t' '/^#/ || $9 == "referrer" { next } { print $8 ":" $2 }' "$plan/images.tsv" | sort -u >"$plan/pulled"
  awk -F '\t' '/^#/ || $4 == "-" { next } { print $4 }' "$plan/images.tsv" | sort -u >"$plan/platforms"
  awk -F '\t' -v plan="$plan" -v digest="$(hash_of "$plan/lock.json")" '
    function bytes(n,    i, u) {
      if (n < 1024) return n " B"
      split("KiB MiB GiB TiB PiB", u, " ")
      for (i = 0; n >= 1023.5 && i < 5; i++) n /= 1024
      return sprintf(n < 99.95 ? "%.1f %s" : "%.0f %s", n, u[i])
    }
    function counted(n, noun) { return n " " noun (n == 1 ? "" : "s") }
    BEGIN {
      file = plan "/blobs"
      while ((getline line < file) > 0) { split(line, p, "\t"); size[p[1]] = p[2]; linked += p[2] }
      file = plan "/links"
      copied = linked
      while ((getline line < file) > 0) { split(line, p, "\t"); copied += size[p[1]] }
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
    /^   The first image is then$/ { print; getline; address = $0; sub(/^ */, "", address); sub(/\/.*$/, "", address); print "     " address "/" (n ? pulled[1] : "NAME:TAG"); next }
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
  awk -F '\t' '
    function bytes(n,    i, u) {
      split("B KiB MiB GiB TiB", u, " ")
      for (i = 1; n >= 1023.5 && i < 5; i++) n /= 1024
      return sprintf(i > 1 ? "%.1f %s" : "%d %s", n, u[i])
    }
    function text(words) { gsub(/&/, "\\&amp;", words); gsub(/</, "\\&lt;", words); gsub(/>/, "\\&gt;", words); return words }
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
        print "<tr><td>" text(image) "<br><small>" digest[image] "</small></td><td>" text(platforms[image]) "</td><td class=\"size\">" bytes(n) "</td></tr>"
      }
    }' "$plan/blobs" "$plan/manifests.tsv" "$plan/images.tsv"
  printf '</tbody>\n</table>\n</div>\n</body>\n</html>\n'
}

write_sums() {
  awk -F '\t' '{ print $1 "  registry/" $2 "/blobs/sha256/" $1 }' "$plan/links" | sort -k 2 >"$plan/SHA256SUMS.registry"
  {
    awk -F '\t' '{ print $1 "  blobs/sha256/" $1 }' "$plan/blobs"
    printf '%s  %s\n' "$(hash_of "$plan/SHA256SUMS.registry")" SHA256SUMS.registry "$(printf 1 | hash_input)" registry/_restore_complete
    layout=$(hash_of "$bundle/oci-layout")
    awk -F '\t' -v hash="$layout" '{ print hash "  registry/" $2 "/oci-layout" }' "$plan/layouts"
    printf '%s  oci-layout\n' "$layout"
    sed "s/$tab.*//; s/^/layout./" "$plan/layouts" >"$plan/layouts.files"
    (cd "$plan" && hashes_of layouts.files) | awk -F '\t' '
      FILENAME == ARGV[1] { folder["layout." $1] = $2; next }
      { print substr($0, 1, 64) "  registry/" folder[substr($0, 67)] "/index.json" }' "$plan/layouts" -
    sort -u "$plan/kit.after" >"$plan/others"
    printf '%s\n' index.json manifest.json "$LOCK" README.txt report.html >>"$plan/others"
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
  awk -F '\t' '
    { folder = FILENAME == ARGV[1] ? $1 : $2; sub(/\/.*$/, "", folder) }
    FILENAME == ARGV[1] { had[folder] = 1; next }
    !(folder in had) { had[folder] = 1; print folder }' "$plan/tags.older" "$plan/layouts" >"$plan/registries"
  [ ! -s "$plan/registries" ] || say "  registries that were not there before: $(tr '\n' ' ' <"$plan/registries")"
  [ -z "$resumed" ] || say 'The join that was cut off is completed.'
  say "Joined $bundle into $site: $(wc -l <"$plan/added" | tr -d ' ') new or moved names, $(wc -l <"$plan/missing" | tr -d ' ') blobs brought"
  say "sha256 of $LOCK: $(hash_of "$site/$LOCK")"
  say "sha256 of SHA256SUMS: $(hash_of "$site/SHA256SUMS")"
}
