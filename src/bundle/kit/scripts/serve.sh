#!/bin/sh
# Serves this bundle with zot, for pulls, until it is interrupted.
case "$0" in */*) kit=${0%/*} ;; *) kit=. ;; esac
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

listen=127.0.0.1:5000 users='' cert='' key='' state='' zot=${ZOT_BIN:-} verify=yes list=''
while [ $# -gt 0 ]; do
  case "$1" in
    --*=*)
      option=$1
      shift
      set -- "${option%%=*}" "${option#*=}" "$@"
      ;;
  esac
  case "$1" in
    --listen | --users | --cert | --key | --state | --zot) [ -n "${2:-}" ] || usage_error "$1 needs a value" ;;
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
json() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; }

# names: what can be pulled, a line each: digest, repository:tag, kind. What has no tag has no name.
names() {
  awk -F "$tab" -v OFS="$tab" '!/^#/ && $2 != "-" && !seen[$8 ":" $2]++ { print $3, $8 ":" $2, $9 }' "$kit/images.tsv"
}
# rows ADDRESS: names as a table. Digests are cut so that it fits a terminal, names never are: they are there to be copied.
rows() {
  awk -F "$tab" -v at="$1" '{ print "  " substr($1, 1, 19) "  " at "/" $2 ($3 == "image" ? "" : "  (" $3 ")") }'
}

# --listen: HOST:PORT, :PORT or PORT. `own` is how this machine reaches it, `public` how the others do.
port=${listen##*:}
host=127.0.0.1
case "$listen" in ?*:*) host=${listen%:*} ;; esac
case "$port" in '' | *[!0-9]* | ??????*) usage_error "--listen: '$listen' is not HOST:PORT" ;; esac
[ "$port" -le 65535 ] || usage_error "--listen: there is no port $port"
case "$host" in
  \[*\]) host=${host#\[} && host=${host%\]} ;;
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
  weak=$(awk -F : '/:/ { n++; if ($2 !~ /^\$2[aby]\$/) print $1 } END { if (!n) print "(no user)" }' "$users" | head -n 3 | tr '\n' ' ')
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
[ -d "$served" ] || fail 'registry/ is not here, and zot serves nothing else' \
  'Unpack it, too: at least each index.json in it, which are small'
IFS=$tab read -r digest name kind <<END
$(names | head -n 1)
END
[ -n "$name" ] || fail 'no image of this bundle has a tag: nothing can be pulled by a name'
repository=${name%:*} tag=${name##*:}

. "$kit/lib/serve-client.sh"
. "$kit/lib/serve-root.sh"

# The folder of the state: `root` (links), `zot.json`, `zot.log`.
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
  while [ ! -d "${above:=/}" ]; do above=${above%/*}; done
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
  to=$(readlink -f -- "$served/${link#./}") || to=
  case "$to" in
    "${bundle%/}"/*) ;;
    *) refuse "registry/${link#./} is a link that leads out of this folder" 'Remove it: a bundle has none' ;;
  esac
done <"$work/links"
set -- "$served"
[ ! -d "$bundle/blobs" ] || set -- "$@" "$bundle/blobs"
find -L "$@" \( -type f ! -perm -0004 -o -type d ! -perm -0005 \) -print >"$work/private"
if [ -s "$work/private" ]; then
  while IFS= read -r file; do
    [ -r "$file" ] || fail "you may not read '$file', and zot runs as you" \
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
    grep -v -e '^ ' -e ' is missing$' -e '^DAMAGED: ' -e '^Copy ' -e '^sha256 of ' -e '^not of this bundle: ' \
      -e '^pushed here' -e '^left by ' -e '^Each is whole ' -e '^Some are whole ' -e '^WARNING: ' -e '^UNFINISHED: ' "$work/verified" >"$work/damaged" || result=0
  fi
  if [ "$result" -ne 0 ]; then
    cat "$work/verified" >&2
    [ -z "$joining" ] || fail 'nothing is served, since an update of the bundle is not finished' \
      '--no-verify serves what is there: blobs come before what names them'
    fail 'nothing is served, since the bundle is not as it was saved' '--no-verify serves it all the same'
  fi
fi

# 2. A root for zot, which writes into its root as soon as there are users.
make_root "$state/root" "$work/repositories"
[ -z "$is_pooled" ] || note 'note: repositories here have no blobs of their own: theirs are served from blobs/'

# said LOG: the errors in a log of zot, shortened; else its end.
said() {
  sed -n 's/.*"level":"\(error\|fatal\|panic\)","message":"\(.*\)".*/\2/p' "$1" |
    sed 's/","caller":.*//; s/","\([a-zA-Z]*\)":"/: \1: /g; s/^/  zot: /' | tail -n 10 >"$work/said"
  [ -s "$work/said" ] || tail -n 10 "$1" | cut -c 1-300 | sed 's/^/  zot: /' >"$work/said"
  cat "$work/said" >&2
}
# config HOST PORT LEVEL REPOSITORIES POLICY MORE: in the newest form that this zot takes, since it cannot tell its version.
# Before 2.1.17 it refuses the timeouts, since then it cuts each request after a minute without them; before 2.1.2 it refuses
# `compat`.
config() {
  compat='"compat": ["docker2s2"],'
  for keys in "\"readTimeout\": \"0s\", \"writeTimeout\": \"0s\", $compat" "$compat" ''; do
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
# await_port: of a zot that takes a free one; sets `port`.
await_port() {
  deadline=$(($(date +%s) + 120))
  while lives && [ "$(date +%s)" -lt "$deadline" ]; do
    port=$(sed -n 's/.*kernel chosen port","port":\([0-9]*\).*/\1/p' "$log")
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
if [ "$scheme" = https ]; then more="\"tls\": { \"cert\": \"$(json "$cert")\", \"key\": \"$(json "$key")\" },"; fi
if [ -n "$users" ]; then
  more="$more \"auth\": { \"htpasswd\": { \"path\": \"$(json "$users")\" } },"
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
  say "This is plain HTTP: docker wants \"$address\" in its insecure-registries."
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
