// Compact JSON objects read in place: a user's profile is kept as the text that goes out, and one
// attribute is found by scanning it. A million parsed profiles would not fit in memory.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "service/base/json.h"

namespace rollcall::sim {

/// Raw JSON of a top-level member of a compact object text, or empty if absent. The text must come
/// from Json::dump or pack_profile.
std::string_view packed_member(std::string_view object, std::string_view name);
/// The member as text: a string decoded, anything else its JSON text; empty if absent or null.
std::string packed_text(std::string_view object, std::string_view name);
/// A user profile as Okta sends it: six attributes always there, null if unset; others only with
/// a value (FACTS 5.1).
std::string pack_profile(const Json& profile);

/// The same from JSON text, without building the values where it can. False: not an object.
bool pack_profile_text(std::string_view profile, std::string& out);
/// A value from its raw text; plain strings are taken as they are. False: malformed.
bool value_of_raw(std::string_view raw, Json& out);
/// Calls `each` with name and raw value of every top-level member of any JSON object text, white
/// space allowed; stops and gives false at the first that makes no sense or if `each` says so.
bool scan_object(std::string_view object,
                 const std::function<bool(std::string_view name, std::string_view raw)>& each);
/// The same for the items of an array. Parts of a huge document can so be parsed one by one.
bool scan_array(std::string_view array, const std::function<bool(std::string_view raw)>& each);

}  // namespace rollcall::sim
