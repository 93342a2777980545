// Text made safe to show, measured and fitted to columns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall::report {

/// What a terminal or browser may show: control characters become their pictures (ESC is "␛"),
/// marks that reorder or hide text become "⟨U+202E⟩", bytes that are not UTF-8 become U+FFFD.
std::string visible(std::string_view text);

/// visible(), then & < > " ' as references.
std::string html(std::string_view text);

/// Columns that visible text takes in a terminal.
std::size_t columns_of(std::string_view text);

/// Cuts visible text to `width` columns, the last one "…" if something was cut.
std::string fit(std::string_view text, std::size_t width);

/// Lines of at most `width` columns, broken at spaces where possible.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

/// Rows of cells as aligned columns, `indent` spaces before and two between, never wider than
/// `width`: the widest flexible column gives way first.
class Columns {
 public:
  /// `right`: the columns to align right.
  explicit Columns(std::size_t indent, std::vector<bool> right)
      : indent_(indent), right_(std::move(right)) {}
  /// `begin` and `end` surround the finished line (colours); they take no column.
  void row(std::vector<std::string> cells, std::string begin = {}, std::string end = {});
  std::string text(std::size_t width) const;

 private:
  struct Row {
    std::vector<std::string> cells;
    std::string begin, end;
  };
  std::size_t indent_;
  std::vector<bool> right_;
  std::vector<Row> rows_;
};

}  // namespace rollcall::report
