# The part of load.sh for podman.
[ -n "${runtime-}" ] || { echo 'This is a part of load.sh: sh kit/load.sh podman' >&2 && exit 2; }

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
  [ "${identifier#sha256:}" = "${config#sha256:}" ] || { remark=$other_image; return 1; }
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
  reason=${reason:-$(reason_said)}
  return 1
}

# pull_folder ENTRY: podman reads a folder of links into the bundle, which keeps manifests as they are.
pull_folder() {
  contents "$1" "$leaf" >"$work/all" || { reason="kit/manifests.tsv does not know $1"; return 1; }
  absent=$(lacking "$work/all")
  [ -z "$absent" ] || { reason="$absent is not in this bundle"; return 1; }
  link_blobs "$work/all" "$work/dir"
  printf 'Directory Transport Version: 1.1\n' >"$work/dir/version"
  ln -s "../pool/${leaf#sha256:}" "$work/dir/${leaf#sha256:}.manifest.json"
  ln -s "../pool/${1#sha256:}" "$work/dir/manifest.json"
  if ! podman pull --quiet "dir:$work/dir" >"$work/out" 2>"$work/err"; then
    reason=$(last_line "$work/err")
    reason=${reason#Error: }
    return 1
  fi
  identifier=$(last_line "$work/out")
  [ "${identifier#sha256:}" = "${config#sha256:}" ] || { reason="podman took it for $identifier"; return 1; }
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
