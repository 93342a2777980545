// The documents made from the table of keys: config/rollcall.schema.json and config/reference.md.
#pragma once

#include <string>

namespace rollcall {

/// A JSON schema (draft 7) for editors: forms, choices and bounds of every key. What spans several
/// keys is checked by load_settings only.
std::string schema_json();

/// Every key with its form, default and meaning, for people.
std::string reference_markdown();

}  // namespace rollcall
