// Small pieces that many of Okta's objects are made of.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "service/base/clock.h"
#include "service/base/json.h"

namespace rollcall::sim {

/// Okta keeps times to the second.
inline std::string okta_second(WallTime t) { return format_okta_time({t.ms / 1000 * 1000}); }
inline Json second_or_null(WallTime t) { return t.ms == 0 ? Json() : Json(okta_second(t)); }

inline Json object_of(std::string_view name, Json value) {
  Json out = Json::object();
  out.set(name, std::move(value));
  return out;
}

inline Json href_of(std::string url) { return object_of("href", Json(std::move(url))); }

/// A link that says which methods it allows.
inline Json href_with(std::string url, std::initializer_list<const char*> methods) {
  Json allow = Json::array();
  for (const char* method : methods) allow.push(Json(method));
  Json out = href_of(std::move(url));
  out.set("hints", object_of("allow", std::move(allow)));
  return out;
}

/// Members of `from` go into `into`, objects within objects; anything else is replaced.
inline void merge_into(Json& into, const Json& from) {
  for (const auto& [name, value] : from.members()) {
    if (value.is_object() && into[name].is_object()) {
      merge_into(into.at(name), value);
    } else {
      into.set(name, value);
    }
  }
}

}  // namespace rollcall::sim
