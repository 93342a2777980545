// What operators' reads print: rows of Okta's objects as an aligned table or as JSON, without
// people's data where stdout is no terminal.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "service/app/program.h"
#include "service/base/json.h"

namespace rollcall {

/// One column; `path` leads into the object, with dots. Personal ones are left out of a pipe.
struct TableColumn {
  std::string_view heading;
  std::string_view path;
  bool personal = false;
};

/// The value at a dotted path as it is: lists joined by commas, absent and null empty.
std::string text_at(const Json& object, std::string_view path);
/// The same for a terminal, which what people type into Okta must not steer.
std::string cell_text(const Json& object, std::string_view path);

/// A line for each object, with headings; "none" if there are no objects.
std::string table_text(std::span<const Json> objects, std::span<const TableColumn> columns,
                       bool full);
/// One object, a line for each column that holds something.
std::string object_text(const Json& object, std::span<const TableColumn> columns, bool full);
/// The object as it is, or only what no person is named by.
Json shown_json(const Json& object, std::span<const TableColumn> columns, bool full);

}  // namespace rollcall
