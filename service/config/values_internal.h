// Every configured value by its path, checked and converted by the table of keys, defaults filled
// in. What is built from them (build_*.cpp) never looks at text of the wrong form again.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/config/document_internal.h"

namespace rollcall::config {

/// One scalar (or list of scalars) after conversion. Milliseconds, days or a count in `number`.
struct Converted {
  std::string text;
  std::int64_t number = 0;
  double real = 0;
  std::vector<std::string> texts;
  SecretRef secret;
};

/// Why a value cannot be converted.
struct Misfit {
  ErrorCode code;
  std::string message;
  std::string suggestion;
  Place place;
};

/// Converts one node as the key says; `expression` and other text is kept as it is. Of a list all
/// misfits are given, and what fits is kept.
std::vector<Misfit> convert_value(const KeySpec& spec, const ConfigNode& node, const Origin& origin,
                                  Converted& out);

class Values {
 public:
  /// Written in a file or the environment, whether it could be converted or not.
  bool has(std::string_view path) const;
  /// The node as written; nullptr if it was not, or is of the wrong form.
  const ConfigNode* node(std::string_view path) const;
  /// The place of the key, or of the nearest section above it that was written.
  Place place(std::string_view path) const;

  const std::string& text(std::string_view path) const { return at(path).text; }
  std::int64_t number(std::string_view path) const { return at(path).number; }
  double real(std::string_view path) const { return at(path).real; }
  bool flag(std::string_view path) const { return at(path).text == "true"; }
  const std::vector<std::string>& texts(std::string_view path) const { return at(path).texts; }
  const SecretRef& secret(std::string_view path) const { return at(path).secret; }
  /// Converted, written or by default.
  bool known(std::string_view path) const { return known_.contains(path); }
  /// Elements of a list of sections.
  std::size_t count(std::string_view path) const;

  void set_written(std::string path, const ConfigNode* node, const Place& place);
  void set(std::string path, Converted value) { known_[std::move(path)] = std::move(value); }

 private:
  struct Written {
    const ConfigNode* node = nullptr;
    Place place;
  };
  const Converted& at(std::string_view path) const;
  std::map<std::string, Written, std::less<>> written_;
  std::map<std::string, Converted, std::less<>> known_;
  Converted nothing_;
};

/// Holds the tree against the table: unknown and missing keys, forms, choices, bounds.
void validate(const ConfigNode& root, const KeyNode& keys, Values& values, Problems& problems);

/// "section.key", or "key" at the top.
std::string below(std::string_view path, std::string_view key);
/// "list[2]".
std::string element(std::string_view path, std::size_t index);

}  // namespace rollcall::config
