// From a byte of a scalar's value back to its line and column in the file.
#include <algorithm>

#include "service/config/document_internal.h"

namespace rollcall::config {
namespace {

/// Walks the source text of a file by line and column (yaml-cpp counts bytes).
class Walker {
 public:
  Walker(std::string_view text, const Place& start) : text_(text), place_(start) {
    for (int line = 1; line < start.line; ++line) {
      const std::size_t end = text_.find('\n', at_);
      at_ = end == std::string_view::npos ? text_.size() : end + 1;
    }
    at_ = std::min(text_.size(), at_ + static_cast<std::size_t>(std::max(0, start.column - 1)));
  }
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void step() {
    if (peek() == '\n') {
      ++place_.line;
      place_.column = 0;
    }
    ++place_.column;
    ++at_;
  }
  void step(std::size_t count) {
    while (count-- > 0) step();
  }
  /// Length of the blanks here if a line ends in them, else 0.
  std::size_t fold_length(std::size_t& breaks) const {
    std::size_t length = 0;
    breaks = 0;
    while (peek(length) == ' ' || peek(length) == '\r' || peek(length) == '\n') {
      if (peek(length) == '\n') ++breaks;
      ++length;
    }
    return breaks == 0 ? 0 : length;
  }
  const Place& place() const { return place_; }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  Place place_;
};

/// Steps over one byte of the value in a quoted or plain scalar; false where that is unclear.
bool step_flow(Walker& walker, char quote, std::size_t& offset) {
  std::size_t breaks = 0;
  if (const std::size_t length = walker.fold_length(breaks); length > 0) {
    walker.step(length);  // one break is one space, more are one newline fewer
    const std::size_t bytes = std::max<std::size_t>(1, breaks - 1);
    offset -= std::min(offset, bytes);
    return true;
  }
  if (quote == '"' && walker.peek() == '\\') {
    // \x, \u, \U, \_ and the like: the escape is not as long as what it stands for.
    if (std::string_view("\"\\/abefnrtv0 ").find(walker.peek(1)) == std::string_view::npos) {
      return false;
    }
    walker.step();
  } else if (quote == '\'' && walker.peek() == '\'') {
    walker.step();
  }
  walker.step();
  --offset;
  return true;
}

/// Steps over one byte of the value in a block scalar (`|` or `>`).
void step_block(Walker& walker, int indent, std::size_t& offset) {
  const bool line_end = walker.peek() == '\n';
  walker.step();
  --offset;
  if (!line_end) return;
  while (walker.place().column < indent && walker.peek() == ' ') walker.step();
}

}  // namespace

Place place_inside(const Origin& origin, const ConfigNode& scalar, std::size_t offset) {
  if (scalar.place.line == 0) return scalar.place;
  offset = std::min(offset, scalar.scalar.size());
  Walker walker(origin.text, scalar.place);
  const char mark = walker.peek();
  if (mark == '|' || mark == '>') {
    while (walker.peek() != '\n' && walker.peek() != '\0') walker.step();
    while (walker.peek() == '\n' || walker.peek() == ' ') walker.step();
    const int indent = walker.place().column;
    while (offset > 0) step_block(walker, indent, offset);
    return walker.place();
  }
  const char quote = mark == '\'' || mark == '"' ? mark : '\0';
  if (quote != '\0') walker.step();
  while (offset > 0) {
    if (!step_flow(walker, quote, offset)) return scalar.place;
  }
  return walker.place();
}

}  // namespace rollcall::config
