# Prints files that do not open with what they are for, in at most three lines.
FNR == 1 {
  head = FILENAME ~ /\.h$/; open = 1
  if ($0 !~ /^\/\// && (head || $0 !~ /^#include /))
    print FILENAME ":1\tthe file does not open with what it is for"
}
open && $0 !~ /^\/\// { open = 0; if (FNR > 4) print FILENAME ":1\tthe opening comment has more than three lines" }
