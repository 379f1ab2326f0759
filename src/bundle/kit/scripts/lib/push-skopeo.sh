# A registry by skopeo, from 1.6 on. A part of push.sh; not to be run.
#
# skopeo below 1.19 reads no Docker images out of an OCI layout, and no skopeo copies an index of indexes or one of which
# children are absent. So each image is shown to it alone, as `dir:` with links into the bundle, and indexes after that
# without what they list (`--multi-arch index-only`).

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
  said=$(sed -n 's/.*level=fatal msg="\(.*\)"$/\1/p' "$work/skopeo" | tail -n 1)
  [ -n "$said" ] || said=$(tail -n 1 "$work/skopeo")
  said=$(printf '%s\n' "$said" | sed 's/\\"/"/g' | tr -d '\000-\037\177-\377' | cut -c 1-400)
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

# skopeo_tag REPOSITORY REFERENCE: sets `there` to the digest of what it has, read whole; empty where it is not there.
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
  skopeo_trouble "the question for ${skopeo_from#docker://}" || :
  [ "$fault" = missing ]
}

skopeo_read() { skopeo_tag "$@"; }

# skopeo_leaf REPOSITORY DIGEST [TAG]: sends an image or artifact.
skopeo_leaf() {
  skopeo_view "$2"
  skopeo_copy "$1" "$2" "${3-}"
}

# skopeo_index REPOSITORY DIGEST [TAG]: what it lists is there.
#
# skopeo reads and writes an index anew, and refuses one of which it does not know every field: an earlier one does not know
# artifactType. curl sends the bytes as they are.
skopeo_index() {
  skopeo_view "$2"
  skopeo_copy "$1" "$2" "${3-}" --multi-arch index-only && return 0
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

# skopeo_view DIGEST: one manifest as a folder of links, in the form of skopeo's `dir:`.
skopeo_view() {
  rm -rf "$work/view"
  mkdir "$work/view"
  printf 'Directory Transport Version: 1.1\n' >"$work/view/version"
  ln -s "$(file_of "$1")" "$work/view/manifest.json"
  content_of "$1" | while IFS= read -r blob; do
    [ -L "$work/view/${blob#sha256:}" ] || ln -s "$(file_of "$blob")" "$work/view/${blob#sha256:}"
  done
}
