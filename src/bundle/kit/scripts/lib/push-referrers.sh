# Signatures, SBOMs and other referrers of images that are pushed. A part of push.sh; not to be run.

curl_why=
lists_referrers= # whether curl can ask the registry which it lists: yes or no, once that is known

# push_referrers REPOSITORY PATH DIGEST: sends those of what is at the registry's PATH with a digest, each after what it
# refers to; of what the registry has not, as an index in place of which it has a narrowed one, none can be sent.
push_referrers() {
  grep -q "^$1$tab" "$work/referrers" || return 0
  if [ "$3" != "$image_digest" ]; then
    left_out=$(awk -F "$tab" -v repository="$1" -v subject="$image_digest" \
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
    awk -F "$tab" -v subject="$subject" '$1 == subject && $3 != "-" { print $2 "\t" $3 }' "$work/own" >"$work/tagged"
    while IFS=$tab read -r referrer referrer_tag <&8; do
      push_tagged "$2" "$referrer" "$referrer_tag" || return 1
    done 8<"$work/tagged"
  done 7<"$work/subjects"
}

# tell TEXT: in the end, once.
tell() {
  grep -Fqx -e "note: $1" "$work/notes" 2>/dev/null || printf 'note: %s\n' "$1" >>"$work/notes"
}

# push_listed PATH SUBJECT: the referrers that name their subject; registries list them, or an index under a tag does.
push_listed() {
  awk -F "$tab" -v subject="$2" '$1 == subject && !seen[$2]++ { print $2 }' "$work/own" >"$work/named"
  : >"$work/naming"
  while IFS= read -r referrer <&8; do
    is_whole "$referrer" || return 1
    named=$(json 'END { print V["subject" SUBSEP "digest"] }' "$(file_of "$referrer")") || named=
    [ "$named" != "$2" ] || printf '%s\n' "$referrer" >>"$work/naming"
  done 8<"$work/named"
  [ -s "$work/naming" ] || return 0
  if ! can_list; then
    while IFS= read -r referrer <&8; do push_referrer "$1" "$referrer" || return 1; done 8<"$work/naming"
    tell "whether $address lists the signatures and other referrers that were sent is not known: curl did not ask${curl_why:+ ($curl_why)}"
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
    request "$(scope_of "$1")" PUT "$origin/v2/$1/manifests/$index_tag" --upload-file "$work/index" \
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

# listed_at PATH SUBJECT: what the registry lists, into $work/listed. `has_list`: whether it has a list of its own;
# otherwise `index_tag` stands in for it, and $work/there is what is under that, or empty.
listed_at() {
  has_list= index_tag=sha256-${2#sha256:} index_type=application/vnd.oci.image.index.v1+json
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
  awk '{ if (listing) is[$0] = 1; else if (!($0 in is)) print }' \
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
      if (type == "" || type == "\"\"") type = json_raw("config" SUBSEP "mediaType")
      notes = json_raw("annotations")
      printf "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%s%s%s}\n", media, digest, size,
        (type ~ /^"./ ? ",\"artifactType\":" type : ""), (substr(notes, 1, 1) == "{" ? ",\"annotations\":" notes : "")
    }' "$(file_of "$referrer")" media="$(type_of "$referrer")" digest="$referrer" size="$(manifest_field "$referrer" 3)" |
      tr '\n' ' ' >>"$work/entries" || return 1
    printf '\n' >>"$work/entries"
  done 8<"$work/lacks"
  [ -s "$work/there" ] ||
    printf '{"schemaVersion":2,"mediaType":"%s","manifests":[]}\n' "$index_type" >"$work/there"
  json 'END {
    if (!("manifests" in N)) exit 1
    while ((getline line < entries) > 0) more = more (more == "" ? "" : ",") line
    at = Z["manifests"] - 1
    printf "%s%s%s%s", substr(J, 1, at - 1), (N["manifests"] > 0 ? "," : ""), more, substr(J, at)
  }' "$work/there" entries="$work/entries" >"$work/index"
}

# push_tagged PATH DIGEST TAG: what cosign keeps under a tag. One that holds what is not here is the registry's own.
push_tagged() {
  "${engine}_tag" "$1" "$3" || return 1
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
  "${engine}_read" "$1" "$3" || return 1
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
