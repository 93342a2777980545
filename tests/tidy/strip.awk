# Prints FILE, line and code of C++ with comments removed and literals emptied, so that rules do not
# trip over text. Knows // and /* */ comments, "…", '…', digit separators and raw strings.
function code_of(line,    out, i, c, n, two, rest, at) {
  out = ""
  n = length(line)
  i = 1
  while (i <= n) {
    if (in_comment) {
      at = index(substr(line, i), "*/")
      if (at == 0) return out
      i += at + 1
      in_comment = 0
      continue
    }
    if (raw_end != "") {
      at = index(substr(line, i), raw_end)
      if (at == 0) return out
      i += at + length(raw_end) - 1
      raw_end = ""
      out = out "\""
      continue
    }
    c = substr(line, i, 1)
    two = substr(line, i, 2)
    if (two == "//") return out
    if (two == "/*") { in_comment = 1; i += 2; continue }
    if (two == "R\"" && (i == 1 || substr(line, i - 1, 1) !~ /[A-Za-z0-9_]/)) {
      rest = substr(line, i + 2)
      at = index(rest, "(")
      raw_end = ")" substr(rest, 1, at - 1) "\""
      out = out "\""
      i += 2 + at
      continue
    }
    if (c == "\"" && line !~ /^#include/) {
      out = out "\"\""
      i++
      while (i <= n && substr(line, i, 1) != "\"") i += substr(line, i, 1) == "\\" ? 2 : 1
      i++
      continue
    }
    if (c == "'" && (i == 1 || substr(line, i - 1, 1) !~ /[0-9a-fA-F]/)) {
      out = out "''"
      i++
      while (i <= n && substr(line, i, 1) != "'") i += substr(line, i, 1) == "\\" ? 2 : 1
      i++
      continue
    }
    out = out c
    i++
  }
  return out
}
FNR == 1 { in_comment = 0; raw_end = "" }
{ print FILENAME "\t" FNR "\t" code_of($0) }
