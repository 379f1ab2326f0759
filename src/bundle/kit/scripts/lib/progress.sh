# How far a script is, for whoever watches. At a terminal it is one line, which goes when the table comes; in a log, lines.
progress_shown=

# progress TEXT: where it stands.
progress() {
  if [ -t 2 ]; then
    # A line that wraps could not be taken away.
    printf '\r\033[K%.78s' "$1" >&2
    progress_shown=yes
  else
    note "$1"
  fi
}
# progress_end: the next line begins at the left.
progress_end() {
  [ -z "$progress_shown" ] || printf '\r\033[K' >&2
  progress_shown=
}
# readable BYTES
readable() {
  awk -v n="$1" 'BEGIN {
    split("B KiB MiB GiB TiB", u, " ")
    for (i = 1; n >= 1023.5 && i < 5; i++) n /= 1024
    printf (i > 1 ? "%.1f %s" : "%d %s"), n, u[i]
  }'
}

# result_table FILE…: of lines with a result, a digest, a name and why, the table. A digest is shown as its first twelve
# digits; why stands below, in lines that fit.
result_table() {
  awk -F '\t' '
    function wide(text, width) { return sprintf("%-" width "s", text) }
    function short(digest) { return digest ~ /^sha256:/ ? substr(digest, 1, 19) : (digest == "" ? "-" : digest) }
    function below(text,    words, count, at, line) {
      while (match(text, /sha256:[0-9a-f]+/) && RLENGTH == 71)
        text = substr(text, 1, RSTART + 18) substr(text, RSTART + 71)
      count = split(text, words, " ")
      line = "   "
      for (at = 1; at <= count; at++) {
        if (length(line) > 4 && length(line) + 1 + length(words[at]) > 80) { print line; line = "   " }
        line = line " " words[at]
      }
      if (count) print line
    }
    BEGIN { a = 6 }
    { result[NR] = $1; digest[NR] = short($2); name[NR] = $3; why[NR] = $4; if (length($1) > a) a = length($1) }
    END {
      print wide("RESULT", a) "  " wide("DIGEST", 19) "  IMAGE"
      for (row = 1; row <= NR; row++) {
        print wide(result[row], a) "  " wide(digest[row], 19) "  " name[row]
        below(why[row])
      }
    }' "$@"
}
