#include "tests/sim/compat.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>

#include "service/base/text.h"

namespace rollcall::sim {
namespace {

constexpr int kEvenChance = 50;

template <class List>
void shuffle(List& list, Rng& rng) {
  using std::swap;
  for (std::size_t left = list.size(); left > 1; --left) {
    swap(list[left - 1], list[rng.below(left)]);
  }
}

/// Names that hold or resemble real ones: a reader that takes the first "id" of the text, or a
/// prefix of a name, goes wrong here.
constexpr std::array<std::string_view, 8> kNewNames{
    "idAlias", "statusDetail", "profileV2", "_new", "created2", "näherung", "a.b/c", "future"};

Json decoy_object() {
  Json profile = Json::object();
  profile.set("login", "decoy@example.invalid").set("email", "decoy@example.invalid");
  profile.set("name", "Decoy");
  Json out = Json::object();
  out.set("status", "DEPROVISIONED").set("id", "00udecoydecoydecoy00");
  out.set("type", "APP_GROUP").set("profile", std::move(profile));
  return out;
}

Json new_value(Rng& rng) {
  switch (rng.below(7)) {
    case 0:
      return Json(nullptr);
    case 1:
      return Json(rng.chance(kEvenChance));
    case 2:
      return Json(static_cast<std::int64_t>(rng.below(1'000'000)));
    case 3:
      return Json("an unknown \"text\" with {braces} and , signs");
    case 4:
      return Json(Json::Array{decoy_object(), Json(nullptr), Json(1.5)});
    case 5:
      return Json::array();
    default:
      return decoy_object();
  }
}

/// What a member means for the members below it.
enum class Place { plain, links, names_are_data };

Place place_of(std::string_view name) {
  if (name == "_links") return Place::links;
  return name == "properties" ? Place::names_are_data : Place::plain;
}

void add_unknown(Json& object, Place place, Rng& rng) {
  std::string name(kNewNames[rng.below(kNewNames.size())]);
  while (object.has(name)) name += "2";
  if (place == Place::plain) {
    object.set(name, new_value(rng));
    return;
  }
  Json link = Json::object();  // a relation nobody asked for
  link.set("href", "https://decoy.example.invalid/api/v9/nothing").set("name", "decoy");
  object.set(name, std::move(link));
}

Json disturbed_value(const Json& value, Place place, Rng& rng);

Json disturbed_object(const Json& object, Place place, Rng& rng) {
  Json::Object members;
  for (const auto& [name, member] : object.members()) {
    const bool left_out = member.is_null() && place == Place::plain && rng.chance(kEvenChance);
    if (left_out) continue;
    // Below links and data names, members are ordinary again.
    members.emplace_back(
        name, disturbed_value(member, place == Place::plain ? place_of(name) : Place::plain, rng));
  }
  Json out(std::move(members));
  if (place != Place::names_are_data && rng.chance(kEvenChance)) {
    for (std::size_t more = 1 + rng.below(2); more > 0; --more) add_unknown(out, place, rng);
  }
  Json::Object mixed = out.members();
  shuffle(mixed, rng);
  return Json(std::move(mixed));
}

/// Rows of a list: what one has and another lacks may be written as null in the other.
Json with_nulls(const Json& row, const std::set<std::string>& names, Rng& rng) {
  if (!row.is_object()) return row;
  Json out = row;
  for (const std::string& name : names) {
    if (!row.has(name) && rng.chance(kEvenChance)) out.set(name, nullptr);
  }
  return out;
}

Json disturbed_array(const Json& list, Rng& rng) {
  std::set<std::string> names;
  for (const Json& row : list.items()) {
    for (const auto& [name, member] : row.members()) names.insert(name);
  }
  Json out = Json::array();
  for (const Json& row : list.items()) {
    // The nulls come last, or half of them would be left out again.
    out.push(with_nulls(disturbed_value(row, Place::plain, rng), names, rng));
  }
  return out;
}

Json disturbed_value(const Json& value, Place place, Rng& rng) {
  if (value.is_array()) return disturbed_array(value, rng);
  return value.is_object() ? disturbed_object(value, place, rng) : value;
}

std::string any_case(std::string_view name, Rng& rng) {
  return rng.chance(kEvenChance) ? ascii_lower(name) : std::string(name);
}

}  // namespace

std::uint64_t Rng::next() {
  // splitmix64: small, well mixed even for seeds that follow each other.
  state_ += 0x9E3779B97F4A7C15ULL;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

std::size_t Rng::below(std::size_t bound) {
  return bound == 0 ? 0 : static_cast<std::size_t>(next() % bound);
}

Json disturbed(const Json& reply, Rng& rng) { return disturbed_value(reply, Place::plain, rng); }

std::string disturbed_url(std::string_view url, Rng& rng) {
  const std::size_t mark = url.find('?');
  if (mark == std::string_view::npos) return std::string(url);
  std::vector<std::string_view> parts = split(url.substr(mark + 1), '&');
  shuffle(parts, rng);
  std::string out(url.substr(0, mark));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    out += i == 0 ? '?' : '&';
    out += parts[i];
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> disturbed_headers(
    const std::vector<std::pair<std::string, std::string>>& headers, Rng& rng) {
  std::vector<std::pair<std::string, std::string>> out;
  const bool on_one_line = rng.chance(kEvenChance);
  std::size_t link_at = headers.size();
  for (const auto& [name, value] : headers) {
    const std::size_t end = value.find('>');
    if (name != "Link" || value.empty() || value.front() != '<' || end == std::string::npos) {
      out.emplace_back(any_case(name, rng), value);
      continue;
    }
    const std::string link =
        fmt::format("<{}>{}", disturbed_url(std::string_view(value).substr(1, end - 1), rng),
                    value.substr(end + 1));
    if (on_one_line && link_at < headers.size()) {
      out[link_at].second += ", " + link;
      continue;
    }
    link_at = out.size();
    out.emplace_back(any_case(name, rng), link);
  }
  return out;
}

}  // namespace rollcall::sim
