// Recorded exchanges, and how one is compared with what the simulator answers: same status, same
// header names, same JSON keys and value types, both ways.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "service/base/file.h"
#include "service/base/text.h"
#include "tests/sim/sim_fixture.h"

namespace rollcall::sim {

inline const std::string kFolder = std::string(ROLLCALL_SOURCE_DIR) + "/../shared/okta/samples";

struct Sample {
  std::string name;
  Json json;
};

inline std::vector<Sample> read_samples() {
  std::vector<Sample> samples;
  if (!std::filesystem::exists(kFolder)) return samples;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() != ".json") continue;
    const auto text = read_file(entry.path().string());
    const auto json = text ? parse_json(*text) : Result<Json>(text.error());
    if (json) samples.push_back({entry.path().filename().string(), *json});
  }
  std::sort(samples.begin(), samples.end(),
            [](const Sample& a, const Sample& b) { return a.name < b.name; });
  return samples;
}

/// Which test plays a sample: each of the 92 has one.
enum class PlayedBy { samples_test, more_samples_test, oauth_test };
inline constexpr int kSamples = 92;
inline PlayedBy played_by(int number) {
  const int n = number;
  if (n >= 85 && n <= 87) return PlayedBy::oauth_test;
  const bool more =
      n == 47 || (n >= 53 && n <= 65) || (n >= 69 && n <= 71) || (n >= 74 && n <= 89) || n == 92;
  return more ? PlayedBy::more_samples_test : PlayedBy::samples_test;
}
inline int samples_of(PlayedBy test) {
  int count = 0;
  for (int n = 1; n <= kSamples; ++n) count += played_by(n) == test ? 1 : 0;
  return count;
}
inline int number_of(const Sample& sample) { return std::stoi(sample.name.substr(0, 2)); }

inline std::string_view kind(const Json& v) {
  if (v.is_null()) return "null";
  if (v.is_bool()) return "boolean";
  if (v.is_number()) return "number";
  if (v.is_string()) return "string";
  return v.is_array() ? "array" : "object";
}

class Comparison {
 public:
  /// Places that may differ, each with its reason.
  using Exceptions = std::vector<std::pair<std::string, std::string>>;
  explicit Comparison(Exceptions accepted = {}) : accepted_(std::move(accepted)) {}

  void compare(const std::string& at, const Json& theirs, const Json& ours) {
    ++values;
    if (kind(theirs) != kind(ours)) {
      if (accepted(at)) return;
      differences.push_back(fmt::format("{}: recorded {}, ours {}", at, kind(theirs), kind(ours)));
      return;
    }
    if (theirs.is_array() && !theirs.items().empty() && !ours.items().empty()) {
      compare(at + "/0", theirs.items()[0], ours.items()[0]);
    }
    for (const auto& [name, value] : theirs.members()) {
      if (!ours.has(name)) {
        missing(fmt::format("{}/{}", at, name), "not in ours");
      } else {
        compare(fmt::format("{}/{}", at, name), value, ours[name]);
      }
    }
    for (const auto& [name, value] : ours.members()) {
      if (!theirs.has(name)) missing(fmt::format("{}/{}", at, name), "only in ours");
    }
  }

  /// Exceptions that met no difference: they must go.
  std::vector<std::string> idle_exceptions() const {
    std::vector<std::string> idle;
    for (const auto& [at, reason] : accepted_) {
      if (used_.count(at) == 0) idle.push_back(at);
    }
    return idle;
  }

  std::vector<std::string> differences;
  int values = 0;

 private:
  /// An exception covers what lies below it too.
  bool accepted(const std::string& at) {
    for (const auto& [place, reason] : accepted_) {
      if (at != place && at.rfind(place + "/", 0) != 0) continue;
      used_.insert(place);
      return true;
    }
    return false;
  }
  void missing(const std::string& at, const char* what) {
    if (!accepted(at)) differences.push_back(at + ": " + what);
  }
  Exceptions accepted_;
  std::set<std::string> used_;
};

/// Header names of a recording; what its publisher removed counts as there.
inline std::vector<std::string> header_differences(const Json& sample, const SimReply& reply) {
  static const std::set<std::string> bookkeeping = {"x-okta-request-id", "cache-control",
                                                    "x-rate-limit-limit", "x-rate-limit-remaining",
                                                    "x-rate-limit-reset"};
  const Json& recorded = sample["response_headers"];
  const bool stripped = !recorded.has("x-okta-request-id");
  std::vector<std::string> differences;
  std::set<std::string> ours;
  for (const auto& [name, value] : reply.headers) ours.insert(ascii_lower(name));
  for (const auto& [name, value] : recorded.members()) {
    if (ours.count(name) == 0) differences.push_back("header not in ours: " + name);
  }
  for (const std::string& name : ours) {
    if (recorded.has(name) || (stripped && bookkeeping.count(name) > 0)) continue;
    if (name == "date" || name == "etag") continue;  // recorded only where the extract kept them
    differences.push_back("header only in ours: " + name);
  }
  return differences;
}

}  // namespace rollcall::sim
