# The login for a registry: from a file, from the files that skopeo reads, or asked for. A part of push.sh; not to be run.
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
  login="user = \"$(quoted "$1:$2")\""
}

# quoted TEXT: between the quotes of curl's configuration.
quoted() {
  printf '%s\n' "$1" | sed 's/["\\]/\\&/g'
}

# read_login FILE: one line NAME:PASSWORD; `-` is standard input.
read_login() {
  login_line=
  if [ "$1" = - ]; then
    IFS= read -r login_line || [ -n "$login_line" ] || refuse 'standard input has no line NAME:PASSWORD'
  else
    { [ -f "$1" ] && [ -r "$1" ]; } || refuse "$1 is not a file that can be read"
    IFS= read -r login_line <"$1" || [ -n "$login_line" ] || refuse "$1 has no line NAME:PASSWORD"
  fi
  login_line=${login_line%"$(printf '\r')"}
  case $login_line in
    :* | *:) refuse "what --user-from names has no line NAME:PASSWORD" ;;
    *:*) login_by_name "${login_line%%:*}" "${login_line#*:}" ;;
    *) refuse "what --user-from names has no line NAME:PASSWORD" ;;
  esac
  login_line=
}

# find_login ADDRESS PREFIX [FILE]: looks for a login where skopeo does; the first file that has one counts.
find_login() {
  login_keys=
  login_below=$1${2:+/$2}
  while :; do
    login_keys="$login_keys $login_below"
    case $login_below in */*) login_below=${login_below%/*} ;; *) break ;; esac
  done
  if [ -n "${3-}" ]; then
    login_in "$3" || :
  elif [ -n "${REGISTRY_AUTH_FILE-}" ]; then
    login_in "$REGISTRY_AUTH_FILE" || :
  else
    login_folder
    login_in "$login_run/auth.json" ||
      login_in "${XDG_CONFIG_HOME:-${HOME-}/.config}/containers/auth.json" ||
      login_in "${DOCKER_CONFIG:-${HOME-}/.docker}/config.json" || :
  fi
}

# login_folder: where logins of a session are.
login_folder() {
  if [ -n "${XDG_RUNTIME_DIR-}" ]; then login_run=$XDG_RUNTIME_DIR/containers; else login_run=/run/containers/$(id -u); fi
}

# login_in FILE: the login that a file has for one of `login_keys`, the longest first.
login_in() {
  { [ -f "$1" ] && [ -r "$1" ]; } || return 1
  login_found=$(json 'END {
    count = split(keys, wanted, " ")
    for (path in A) {
      split(path, part, SUBSEP)
      key = part[2]
      sub(/^https?:\/\//, "", key)
      sub(/\/v[12]\/?$/, "", key)
      sub(/\/$/, "", key)
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
    'auth '*) login="header = \"Authorization: Basic ${login_found#auth }\"" ;;
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
