# How a script asks a registry for a manifest, with whatever this machine has. Sourced after common.sh.
#
#   choose_client http|https     sets `client`: curl, wget (GNU or busybox), openssl, skopeo; empty where nothing can
#   "ask_$client" URL            of …/v2/NAME/manifests/TAG: sets `answered` to the status, empty where there was no
#                                response; the bytes of a 200 are in the file `$answer`
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
# within COMMAND…: as `run`, for at most ten seconds: not every client has a bound of its own.
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
status_in() { sed -n 's/.*HTTP\/1\.[01]  *\([1-5][0-9][0-9]\).*/\1/p' "$1" | tail -n 1; }

ask_curl() {
  within curl -q -k -s -o "$answer" -w '%{http_code}\n' --noproxy '*' --max-time 9 "$1" >"$work/status" || :
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
  address=${1#*://}
  printf 'GET /%s HTTP/1.0\r\nHost: %s\r\n\r\n' "${address#*/}" "${address%%/*}" >"$work/request"
  within tls_exchange "${address%%/*}" 2>/dev/null || :
  head -n 1 "$work/response" >"$work/status"
  answered=$(status_in "$work/status")
  body=$(awk '{ at += length($0) + 1 } /^\r$/ { print at + 1; exit }' "$work/response")
  [ -z "$body" ] || tail -c "+$body" "$work/response" >"$answer"
}
tls_exchange() { exec openssl s_client -quiet -connect "$1" <"$work/request" >"$work/response"; }

ask_skopeo() {
  address=${1#*://}
  address=${address%/manifests/*}:${1##*/manifests/}
  answered=
  if within skopeo --insecure-policy inspect --raw --no-creds --tls-verify=false \
    "docker://${address%%/*}/${address#*/v2/}" >"$answer" 2>"$work/status"; then
    answered=200
  elif grep -qi 'unauthorized\|authentication required' "$work/status"; then
    answered=401
  fi
}
