# Reads JSON with awk alone. A part of push.sh; not to be run.
#
# json PROGRAM FILE [NAME=VALUE…]: runs an awk program whose END finds the text in J and, by path (the keys from the top,
# each after SUBSEP; elements of an array by their number from 0): V the texts of strings, numbers and words, A and Z where
# a value begins in J and where it has ended, N the number of an array's elements. It fails where the file is not JSON, or
# has a key twice.
json() {
  json_program=$1 json_file=$2
  shift 2
  [ "$(wc -c <"$json_file")" -le 8388608 ] || return 1
  set -- "$@" -
  awk "$json_parser $json_program" "$@" <"$json_file"
}

json_parser='
function json_space() { while (i <= n && index(" \t\r\n", substr(J, i, 1))) i++ }
function json_string(   from, c, text) {
  for (from = ++i; i <= n; i++) {
    c = substr(J, i, 1)
    if (c == "\"") {
      text = text substr(J, from, i - from)
      i++
      return text
    }
    if (c == "\\") {
      text = text substr(J, from, i - from)
      c = substr(J, ++i, 1)
      if (c == "u") { text = text "\\"; from = i; continue }
      if (c == "n") c = "\n"
      else if (c == "t") c = "\t"
      else if (c == "r") c = "\r"
      else if (c == "b") c = "\b"
      else if (c == "f") c = "\f"
      else if (c != "\"" && c != "\\" && c != "/") bad = 1
      text = text c
      from = i + 1
    }
  }
  bad = 1
}
function json_value(path, depth,   begin, c, key, count, from) {
  if (depth > 60 || path in A) bad = 1
  if (bad) return
  json_space()
  begin = i
  c = substr(J, i, 1)
  if (i > n) bad = 1
  else if (c == "\"") V[path] = json_string()
  else if (c == "{" || c == "[") {
    i++
    json_space()
    count = 0
    if (substr(J, i, 1) == (c == "{" ? "}" : "]")) i++
    else for (;;) {
      key = count
      if (c == "{") {
        json_space()
        if (substr(J, i, 1) != "\"") bad = 1
        else key = json_string()
        json_space()
        if (substr(J, i++, 1) != ":") bad = 1
      }
      if (bad) return
      json_value(path == "" ? key : path SUBSEP key, depth + 1)
      if (bad) return
      count++
      json_space()
      from = substr(J, i++, 1)
      if (from == (c == "{" ? "}" : "]")) break
      if (from != ",") { bad = 1; return }
    }
    if (c == "[") N[path] = count
  } else {
    while (i <= n && substr(J, i, 1) ~ /[-+.0-9A-Za-z]/) i++
    V[path] = substr(J, begin, i - begin)
    if (V[path] !~ /^(true|false|null|-?[0-9][-+.0-9eE]*)$/) bad = 1
  }
  A[path] = begin
  Z[path] = i
}
function json_raw(path) { return path in A ? substr(J, A[path], Z[path] - A[path]) : "" }
{ J = J (NR > 1 ? "\n" : "") $0 }
END {
  i = 1
  n = length(J)
  json_value("", 0)
  json_space()
  if (bad || i <= n) exit 1
}
'
