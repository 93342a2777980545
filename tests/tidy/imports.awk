# The table of allowed imports of ARCHITECTURE.md, section 3. Prints "file:line", a tab, what is wrong.
function module_of(path,    part) {
  split(path, part, "/")
  if (part[1] == "service" || part[1] == "connectors") return part[2]
  # Tests of the simulator, and what they share, are tests like any other.
  if (path ~ /^tests\/sim\/([a-z0-9_]*_test\.cpp|[a-z_]*_fixture\.h)$/) return "tests"
  if (part[1] == "tests" && part[2] == "sim") return "sim"
  return part[1] == "tests" ? "tests" : ""
}
function allows(list, word) { return index(" " list " ", " " word " ") > 0 }
function bad(text) { print FILENAME ":" FNR "\t" text }
# The library a header belongs to; "" for the standard library and the system.
function library_of(name) {
  if (name ~ /^Poco\/(Net|Crypto|JWT|Data|XML|DOM|SAX)\//) {
    sub(/^Poco\//, "", name)
    sub(/\/.*/, "", name)
    return name == "DOM" || name == "SAX" || name == "XML" ? "PocoXML" : "Poco" name
  }
  if (name ~ /^Poco\//) return "Poco"
  if (name ~ /^(pqxx|openssl|re2|date|fmt|tl|boost|gtest|gmock|yaml-cpp|unicode|libssh)\//) {
    sub(/\/.*/, "", name)
    return name
  }
  if (name == "simdjson.h" || name == "zlib.h" || name == "ldap.h" || name == "sql.h") {
    sub(/\.h$/, "", name)
    return name
  }
  return ""
}
BEGIN {
  own["base"] = ""
  own["model"] = "base"
  own["ports"] = own["expr"] = own["snapshot"] = own["report"] = "base model"
  own["settings"] = "base model expr"
  own["config"] = own["reconcile"] = "base model expr settings"
  own["execute"] = own["journal"] = "base model ports"
  own["http"] = "base"
  own["hr"] = own["okta"] = "base model ports http"
  own["app"] = "base model expr settings config ports snapshot reconcile execute journal report http hr okta"
  own["sim"] = "base model expr http"
  third["base"] = "Poco openssl zlib re2 simdjson date yaml-cpp unicode tl"
  third["journal"] = "pqxx"
  third["http"] = "Poco PocoNet PocoCrypto openssl"
  third["hr"] = "pqxx Poco PocoData PocoXML ldap libssh sql"
  third["okta"] = "simdjson openssl"
  third["app"] = "boost"
  third["sim"] = "openssl"
}
FNR == 1 { module = module_of(FILENAME) }
module == "" || module == "tests" { next }
/^#include "/ {
  split($0, quoted, "\"")
  target = module_of(quoted[2])
  if (target == "") { bad("own headers are included from the root: " quoted[2]); next }
  if (target != module && !allows(own[module], target)) {
    bad(module " may not include " quoted[2])
  } else if (target != module && quoted[2] ~ /_internal\.h$/) {
    bad(quoted[2] " is private to its folder")
  }
}
/^#include </ {
  name = $0
  sub(/^#include </, "", name)
  sub(/>.*/, "", name)
  library = library_of(name)
  if (library == "" || name == "fmt/core.h" || name == "tl/expected.hpp") next
  if (FILENAME ~ /\.h$/ && FILENAME !~ /_internal\.h$/) {
    bad("<" name "> in a public header: third-party headers stay in .cpp and *_internal.h")
  }
  if (library != "fmt" && !allows(third[module], library)) bad(module " may not use <" name ">")
}
