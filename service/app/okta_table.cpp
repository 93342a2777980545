#include "service/app/okta_table.h"

#include <fmt/core.h>

#include <algorithm>

#include "service/base/text.h"
#include "service/report/visible.h"

namespace rollcall {
namespace {

constexpr std::size_t kGap = 2;

const Json& at_path(const Json& object, std::string_view path) {
  const Json* at = &object;
  for (const std::string_view name : split(path, '.')) at = &(*at)[name];
  return *at;
}

std::string plain(const Json& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return std::string(value.as_string());
  if (!value.is_array()) return value.dump();
  std::vector<std::string> parts;
  for (const Json& item : value.items()) parts.push_back(plain(item));
  return join(parts, ",");
}

std::vector<TableColumn> visible(std::span<const TableColumn> columns, bool full) {
  std::vector<TableColumn> out;
  std::copy_if(columns.begin(), columns.end(), std::back_inserter(out),
               [full](const TableColumn& column) { return full || !column.personal; });
  return out;
}

void append_cell(std::string& line, const std::string& text, std::size_t width) {
  line += text;
  line.append(width + kGap - std::min(width, report::columns_of(text)), ' ');
}

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

void set_path(Json& out, std::string_view path, const Json& value) {
  const std::size_t dot = path.find('.');
  if (dot == std::string_view::npos) {
    out.set(path, value);
    return;
  }
  set_path(out.at(path.substr(0, dot)), path.substr(dot + 1), value);
}

}  // namespace

std::string text_at(const Json& object, std::string_view path) {
  return plain(at_path(object, path));
}

std::string cell_text(const Json& object, std::string_view path) {
  return report::visible(text_at(object, path));
}

std::string table_text(std::span<const Json> objects, std::span<const TableColumn> columns,
                       bool full) {
  if (objects.empty()) return "none\n";
  const std::vector<TableColumn> shown = visible(columns, full);
  std::vector<std::vector<std::string>> rows(1);
  for (const TableColumn& column : shown) rows[0].emplace_back(column.heading);
  for (const Json& object : objects) {
    std::vector<std::string>& row = rows.emplace_back();
    for (const TableColumn& column : shown) row.push_back(cell_text(object, column.path));
  }
  std::vector<std::size_t> widths(shown.size(), 0);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], report::columns_of(row[i]));
    }
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) append_cell(line, row[i], widths[i]);
    text += trimmed(std::move(line));
  }
  return text;
}

std::string object_text(const Json& object, std::span<const TableColumn> columns, bool full) {
  std::size_t width = 0;
  for (const TableColumn& column : columns) width = std::max(width, column.heading.size());
  std::string text;
  for (const TableColumn& column : visible(columns, full)) {
    const std::string value = cell_text(object, column.path);
    if (value.empty()) continue;
    std::string line;
    append_cell(line, std::string(column.heading), width);
    text += trimmed(line + value);
  }
  return text;
}

Json shown_json(const Json& object, std::span<const TableColumn> columns, bool full) {
  if (full) return object;
  Json out = Json::object();
  for (const TableColumn& column : visible(columns, false)) {
    const Json& value = at_path(object, column.path);
    if (!value.is_null()) set_path(out, column.path, value);
  }
  return out;
}

}  // namespace rollcall
