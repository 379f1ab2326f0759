# A registry by curl alone, as distribution-spec has it. A part of push.sh; not to be run.
#
# Each function of a registry leaves in `why` what went wrong, and in `fault` which kind of trouble it is.

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
        { cat "$file" && printf '\n'; } >>"$work/authorities"
        authorities=$work/authorities
        ;;
      *.cert)
        # What follows a colon in the name of a certificate is a password to curl.
        [ ! -L "$work/client.cert" ] || continue
        ln -s "$file" "$work/client.cert"
        ln -s "${file%.cert}.key" "$work/client.key"
        curl_settings="$curl_settings
cert = \"$(quoted "$work/client.cert")\"
key = \"$(quoted "$work/client.key")\""
        ;;
    esac
  done
  [ -z "$authorities" ] || curl_settings="$curl_settings
cacert = \"$(quoted "$authorities")\""
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
  why="$address answers $code to $1${said:+ ($said)}"
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

# http METHOD URL [CURL-ARGUMENT…]: one request. Sets `code`; its body and headers are $work/body and $work/headers.
# It is sent up to three times where that may help, but for what has `once` set.
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
        Bearer) [ -z "$token" ] || http_authorization="header = \"Authorization: Bearer $token\"" ;;
      esac
      ;;
  esac
  http_status=0
  curl_call "$@" --output "$work/body" --dump-header "$work/headers" -- "$http_url" || http_status=$?
  read_code
  # What was refused before all of it was sent is an answer, too.
  case $http_status:$code in
    0:429 | 0:50[0234]) refused_by "$http_method ${http_url#"$origin"}" || return 1 ;;
    0:[2-5]?? | 55:4?? | 56:4??) return 0 ;;
  esac
  curl_trouble "$http_status"
}

# read_code: sets `code` to that of the last answer in $work/headers; nothing where there is none.
read_code() {
  code=
  while IFS= read -r line; do
    case $line in
      HTTP/*' '[1-5][0-9][0-9]*)
        code=${line#* }
        code=${code%"${code#???}"}
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
    5 | 6) trouble gone "$address cannot be found${said:+ ($said)}" ;;
    7 | 28) trouble gone "$address does not answer${said:+ ($said)}" ;;
    35)
      case $said in
        *'wrong version number'* | *'packet length too long'* | *'record layer'* | *'unexpected message'* | *'TLS packet'*)
          trouble plain "$address does not speak HTTPS"
          ;;
        *) trouble other "no HTTPS with $address${said:+ ($said)}" ;;
      esac
      ;;
    51 | 60) trouble authority "the certificate of $address cannot be checked${said:+ ($said)}" ;;
    77) trouble authority "curl finds no certificate authorities here${said:+ ($said)}" ;;
    16 | 18 | 52 | 55 | 56 | 92) trouble cut "$address ended the connection${said:+ ($said)}" ;;
    *) trouble other "curl ended with $1${said:+ ($said)}" ;;
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
        header_value=${line#*:}
        header_value=${header_value%"$carriage_return"}
        header_value=${header_value#"${header_value%%[! $tab]*}"}
        header_value=${header_value%"${header_value##*[! $tab]}"}
        ;;
    esac
  done <"$work/headers"
  printf '%s\n' "$header_value"
}
carriage_return=$(printf '\r')
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
      gsub(/^[ \t]+|[ \t\r]+$/, "", value)
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
  printf '%s\n' "$challenge" | sed -n "s/.*[ ,]$1=\"\([^\"]*\)\".*/\1/p"
}

# fetch_token: a token for `scope`, kept until another scope is wanted.
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

# curl_tag REPOSITORY REFERENCE: sets `there` to its digest; empty where it is not there.
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

# curl_read REPOSITORY REFERENCE: the bytes of a manifest, in $work/body, and their digest in `there`.
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
    rm -f "$work/at/${blob#sha256:}"
    curl_blob "$1" "$blob" || return 1
  done 3<"$work/lacking"
  curl_manifest "$@"
}

# curl_index REPOSITORY DIGEST [TAG]: what it lists is there.
curl_index() {
  curl_manifest "$@"
}

curl_manifest() {
  request "$(scope_of "$1")" PUT "$origin/v2/$1/manifests/${3:-$2}" --upload-file "$(file_of "$2")" \
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
    Bearer) http_authorization=${token:+"header = \"Authorization: Bearer $token\""} ;;
    *) http_authorization= ;;
  esac
  while IFS= read -r blob; do
    printf '%s/v2/%s/blobs/%s\n' "$origin" "$1" "$blob"
  done <"$work/asked" | sed 's/.*/url = "&"\noutput = "\/dev\/null"/' >"$work/urls"
  curl_call --head --location --config "$work/urls" --write-out '%{http_code}\n' >"$work/codes" || :
  paste_codes "$1"
}

paste_codes() {
  while IFS= read -r blob <&3; do
    IFS= read -r code <&4 || code=
    if [ "$code" = 200 ]; then printf '%s\n' "$1" >"$work/at/${blob#sha256:}"; else printf '%s\n' "$blob" >>"$work/lacking"; fi
  done 3<"$work/asked" 4<"$work/codes"
}

# curl_blob REPOSITORY DIGEST: takes a blob from another repository of the registry, or sends its bytes.
curl_blob() {
  blob_hex=${2#sha256:}
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
  printf '%s\n' "$1" >"$work/at/$blob_hex"
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
  case $upload_url in *\?*) upload_end="$upload_url&digest=$1" ;; *) upload_end="$upload_url?digest=$1" ;; esac
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
    *[!A-Za-z0-9._~:/?#@!\$\&\'\(\)*+,\;=%\[\]-]*) ;;
    https://*) printf '%s\n' "$1" ;;
    http://*) [ "$scheme" = https ] || printf '%s\n' "$1" ;;
    //*) printf '%s:%s\n' "$scheme" "$1" ;;
    /*) printf '%s%s\n' "$origin" "$1" ;;
  esac
}
