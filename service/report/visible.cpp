// Text made safe to show. Values come from HR and Okta: whoever can choose a name must not be able
// to move the cursor, reorder a line or close a tag.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "service/report/visible.h"

namespace rollcall::report {
namespace {

struct Range {
  std::uint32_t first, last;
};

// Marks that reorder or hide text: bidirectional controls, zero-width and tag characters, line and
// paragraph separators, C1 controls (some terminals obey them), private use and non-characters are
// left to the font. Joiners U+200C and U+200D are part of ordinary words and stay.
constexpr std::array<Range, 9> kHidden{{{0x80, 0x9f},
                                        {0x61c, 0x61c},
                                        {0x200b, 0x200b},
                                        {0x200e, 0x200f},
                                        {0x2028, 0x202e},
                                        {0x2060, 0x206f},
                                        {0xfeff, 0xfeff},
                                        {0xfff9, 0xfffb},
                                        {0xe0000, 0xe007f}}};

constexpr std::array<Range, 14> kNoWidth{{{0x300, 0x36f},
                                          {0x483, 0x489},
                                          {0x591, 0x5bd},
                                          {0x610, 0x61a},
                                          {0x64b, 0x65f},
                                          {0x900, 0x902},
                                          {0xe31, 0xe31},
                                          {0xe34, 0xe3a},
                                          {0xe47, 0xe4e},
                                          {0x1ab0, 0x1aff},
                                          {0x200c, 0x200d},
                                          {0x20d0, 0x20ff},
                                          {0xfe00, 0xfe0f},
                                          {0xfe20, 0xfe2f}}};

constexpr std::array<Range, 9> kDouble{{{0x1100, 0x115f},
                                        {0x2e80, 0x303e},
                                        {0x3041, 0xa4cf},
                                        {0xac00, 0xd7a3},
                                        {0xf900, 0xfaff},
                                        {0xfe30, 0xfe6f},
                                        {0xff00, 0xff60},
                                        {0x1f300, 0x1faff},
                                        {0x20000, 0x3fffd}}};

template <std::size_t N>
bool within(std::uint32_t c, const std::array<Range, N>& ranges) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [c](const Range& r) { return c >= r.first && c <= r.last; });
}

struct Decoded {
  std::uint32_t code = 0xfffd;
  std::size_t length = 1;
  bool valid = false;
};

Decoded decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 1;
  if (length == 1 || lead > 0xf4 || text.size() < length) return {};
  std::uint32_t code = lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = (code << 6) | (byte(i) & 0x3fU);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  if (overlong || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {};
  return {code, length, true};
}

std::size_t width_of(std::uint32_t code) {
  if (within(code, kNoWidth)) return 0;
  return within(code, kDouble) ? 2 : 1;
}

/// U+2400 and on are pictures of the control characters.
void append_picture(std::string& out, std::uint32_t control) {
  out += "\xe2\x90";
  out += static_cast<char>(control == 0x7f ? 0xa1 : 0x80 + control);
}

}  // namespace

std::string visible(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Decoded one = decode(text);
    if (!one.valid) {
      out += "\xef\xbf\xbd";
    } else if (one.code < 0x20 || one.code == 0x7f) {
      append_picture(out, one.code);
    } else if (one.code >= 0x80 && within(one.code, kHidden)) {
      out += fmt::format("⟨U+{:04X}⟩", one.code);
    } else {
      out += text.substr(0, one.length);
    }
    text.remove_prefix(one.length);
  }
  return out;
}

std::string html(std::string_view text) {
  std::string out;
  for (const char c : visible(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::size_t columns_of(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Decoded one = decode(text);
    width += width_of(one.code);
    text.remove_prefix(one.length);
  }
  return width;
}

std::string fit(std::string_view text, std::size_t width) {
  if (columns_of(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::size_t used = 0;
  std::size_t bytes = 0;
  while (bytes < text.size()) {
    const Decoded one = decode(text.substr(bytes));
    if (used + width_of(one.code) > width - 1) break;
    used += width_of(one.code);
    bytes += one.length;
  }
  return std::string(text.substr(0, bytes)) + "…";
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (columns_of(text) > width) {
    std::size_t used = 0;
    std::size_t bytes = 0;
    std::size_t space = 0;
    while (bytes < text.size()) {
      const Decoded one = decode(text.substr(bytes));
      if (one.code == ' ') space = bytes;
      if (used + width_of(one.code) > width) break;
      used += width_of(one.code);
      bytes += one.length;
    }
    const std::size_t cut = space > 0 ? space : std::max<std::size_t>(bytes, 1);
    lines.emplace_back(text.substr(0, cut));
    text.remove_prefix(cut);
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  }
  if (!text.empty() || lines.empty()) lines.emplace_back(text);
  return lines;
}

void Columns::row(std::vector<std::string> cells, std::string begin, std::string end) {
  rows_.push_back({std::move(cells), std::move(begin), std::move(end)});
}

std::string Columns::text(std::size_t width) const {
  std::vector<std::size_t> widths(right_.size(), 0);
  for (const Row& row : rows_) {
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      widths[i] = std::max(widths[i], columns_of(row.cells[i]));
    }
  }
  const auto total = [&] {
    std::size_t sum = indent_;
    for (const std::size_t one : widths) sum += one == 0 ? 0 : one + 2;
    return sum > indent_ ? sum - 2 : sum;
  };
  while (total() > width) --*std::max_element(widths.begin(), widths.end());
  std::string out;
  for (const Row& row : rows_) {
    std::string line(indent_, ' ');
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      if (widths[i] == 0) continue;
      const std::string cell = fit(row.cells[i], widths[i]);
      const std::string pad(widths[i] - columns_of(cell), ' ');
      line += right_[i] ? pad + cell : cell + pad;
      line += "  ";
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    out += row.begin + line + row.end + "\n";
  }
  return out;
}

}  // namespace rollcall::report
