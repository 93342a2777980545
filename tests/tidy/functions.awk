# Reads stripped code (file, line, code); prints functions of more than 70 lines. clang-format puts
# the opening line's indentation before the closing brace, so no parser is needed.
$1 != file { file = $1; start = 0 }
start == 0 && $3 ~ /^( ? ?)[A-Za-z~:].*(\)|const|override|noexcept) (-> [A-Za-z:<>&* ]+ )?\{$/ &&
  $3 !~ /^ *(namespace|class|struct|enum|union|if|for|while|switch|else|do|return|constexpr .* =)/ {
  start = $2
  match($3, /^ */)
  closing = substr($3, 1, RLENGTH) "}"
  next
}
# A signature over several lines ends with ") {" deeper in; it began at the last unindented line.
start == 0 && $3 ~ /^ +.*\) (const |override |noexcept )*\{$/ && first > 0 && $2 - first <= 6 &&
  $3 !~ /^ *(if|for|while|switch|\})/ {
  start = first
  closing = "}"
  next
}
start == 0 { if ($3 ~ /^[A-Za-z]/) first = $3 ~ /[;{}]$/ ? 0 : $2; next }
$3 ~ "^" closing "[;,)]*$" {
  if ($2 - start + 1 > 70) print file ":" start "\ta function of " $2 - start + 1 " lines; at most 70"
  start = 0
  first = 0
}
