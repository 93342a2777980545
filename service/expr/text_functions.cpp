// String functions, their legacy names and the methods of texts. Positions count characters.
#include <fmt/core.h>

#include <array>
#include <charconv>

#include "service/base/text.h"
#include "service/expr/functions_internal.h"

namespace rollcall::expr {
namespace {

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

std::size_t length_of(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += begins_character(c) ? 1 : 0;
  return count;
}

/// Byte offset of a character; the end of the text if there are fewer.
std::size_t offset_of(std::string_view text, std::size_t character) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (begins_character(text[i]) && seen++ == character) return i;
  }
  return text.size();
}

Val append(Evaluator& run, const Node& node, Args a) {
  return run.joined(node, std::array{a[0].str(), a[1].str()});
}

Val join_texts(Evaluator& run, const Node& node, Args a) {
  std::vector<std::string_view> parts;
  parts.reserve(a.size() * 2);
  for (std::size_t i = 1; i < a.size(); ++i) {
    if (i > 1) parts.push_back(a[0].str());
    parts.push_back(a[i].str());
  }
  return run.joined(node, parts);
}

Val length(Evaluator&, const Node&, Args a) {
  return Val::of_int(static_cast<std::int64_t>(length_of(a[0].str())));
}

Val replaced(Evaluator& run, const Node& node, Args a, bool all) {
  const std::string_view text = a[0].str();
  const std::string_view from = a[1].str();
  if (from.empty()) return a[0];
  std::vector<std::string_view> parts;
  std::size_t at = 0;
  for (std::size_t hit = text.find(from); hit != std::string_view::npos;
       hit = all ? text.find(from, at) : std::string_view::npos) {
    parts.push_back(text.substr(at, hit - at));
    parts.push_back(a[2].str());
    at = hit + from.size();
  }
  if (parts.empty()) return a[0];
  parts.push_back(text.substr(at));
  return run.joined(node, parts);
}

Val replace_every(Evaluator& run, const Node& node, Args a) { return replaced(run, node, a, true); }
Val replace_first(Evaluator& run, const Node& node, Args a) {
  return replaced(run, node, a, false);
}

Val remove_spaces(Evaluator& run, const Node& node, Args a) {
  const std::string_view text = a[0].str();
  if (text.find(' ') == std::string_view::npos) return a[0];
  char* room = run.bytes(node, text.size());
  if (room == nullptr) return Val::of(Kind::failed);
  std::size_t size = 0;
  for (const char c : text) {
    if (c != ' ') room[size++] = c;
  }
  return Val::of_text({room, size});
}

Val starts_with(Evaluator&, const Node&, Args a) {
  return Val::of_bool(a[0].str().starts_with(a[1].str()));
}

Val contains_text(Evaluator&, const Node&, Args a) {
  return Val::of_bool(a[0].str().find(a[1].str()) != std::string_view::npos);
}

/// The first pair whose key occurs in the text; the order of the pairs decides.
Val string_switch(Evaluator& run, const Node& node, Args a) {
  if (a.size() % 2 != 0) return run.fail(node, "a key of stringSwitch has no value");
  if (a[0].is(Kind::null)) return a[1];
  for (std::size_t i = 2; i + 1 < a.size(); i += 2) {
    if (a[i].is(Kind::null)) continue;
    if (a[0].str().find(a[i].str()) != std::string_view::npos) return a[i + 1];
  }
  return a[1];
}

Val substring(Evaluator& run, const Node& node, Args a) {
  const std::string_view text = a[0].str();
  const auto size = static_cast<std::int64_t>(length_of(text));
  const std::int64_t from = a[1].integer;
  const std::int64_t to = a.size() > 2 ? a[2].integer : size;
  if (from < 0 || to < from || to > size) {
    return run.fail(node, fmt::format("the positions {} to {} are outside the text of {} {}", from,
                                      to, size, size == 1 ? "character" : "characters"));
  }
  const std::size_t begin = offset_of(text, static_cast<std::size_t>(from));
  const std::size_t end = offset_of(text, static_cast<std::size_t>(to));
  return Val::of_text(text.substr(begin, end - begin));
}

Val substring_after(Evaluator&, const Node&, Args a) {
  const std::size_t hit = a[0].str().find(a[1].str());
  if (hit == std::string_view::npos) return Val::of_text("");
  return Val::of_text(a[0].str().substr(hit + a[1].size));
}

Val substring_before(Evaluator&, const Node&, Args a) {
  return Val::of_text(a[0].str().substr(0, a[0].str().find(a[1].str())));
}

Val cased(Evaluator& run, const Node& node, std::string_view text, bool upper) {
  if (!is_ascii(text)) return run.text(node, upper ? to_upper(text) : to_lower(text));
  char* room = run.bytes(node, text.size());
  if (room == nullptr) return Val::of(Kind::failed);
  const char first = upper ? 'a' : 'A';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    room[i] = c >= first && c <= first + 25 ? static_cast<char>(c ^ 0x20) : c;
  }
  return Val::of_text({room, text.size()});
}

Val upper_case(Evaluator& run, const Node& node, Args a) {
  return cased(run, node, a[0].str(), true);
}
Val lower_case(Evaluator& run, const Node& node, Args a) {
  return cased(run, node, a[0].str(), false);
}

/// Compares versions part by part, as numbers where both parts are.
int compare_versions(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    const auto take = [](std::string_view& rest) {
      const std::string_view part = rest.substr(0, rest.find('.'));
      rest.remove_prefix(std::min(rest.size(), part.size() + 1));
      return part;
    };
    const std::string_view x = take(a);
    const std::string_view y = take(b);
    std::uint64_t left = 0;
    std::uint64_t right = 0;
    const auto number = [](std::string_view part, std::uint64_t& out) {
      if (part.empty()) return true;  // "1" is "1.0"
      const auto read = std::from_chars(part.data(), part.data() + part.size(), out);
      return read.ec == std::errc() && read.ptr == part.data() + part.size();
    };
    if (number(x, left) && number(y, right)) {
      if (left != right) return left < right ? -1 : 1;
    } else if (const int order = x.compare(y); order != 0) {
      return order;
    }
  }
  return 0;
}

Val version_greater_than(Evaluator&, const Node&, Args a) {
  return Val::of_bool(compare_versions(a[0].str(), a[1].str()) > 0);
}

constexpr Function kTextFunctions[] = {
    {"String.append", 2, 2, "ss", kText, OnNull::null, kAny, append},
    {"String.join", 2, -1, "ss", kText, OnNull::null, kAny, join_texts},
    {"String.len", 1, 1, "s", kInt, OnNull::zero, kAny, length},
    {"String.removeSpaces", 1, 1, "s", kText, OnNull::null, kAny, remove_spaces},
    {"String.replace", 3, 3, "sss", kText, OnNull::null, kAny, replace_every},
    {"String.replaceFirst", 3, 3, "sss", kText, OnNull::null, kAny, replace_first},
    {"String.startsWith", 2, 2, "ss", kBool, OnNull::no, kAny, starts_with},
    {"String.stringContains", 2, 2, "ss", kBool, OnNull::no, kAny, contains_text},
    {"String.stringSwitch", 4, -1, "s", kText, OnNull::decides_itself, kAny, string_switch},
    {"String.substring", 3, 3, "sii", kText, OnNull::null, kAny, substring},
    {"String.substringAfter", 2, 2, "ss", kText, OnNull::null, kAny, substring_after},
    {"String.substringBefore", 2, 2, "ss", kText, OnNull::null, kAny, substring_before},
    {"String.toUpperCase", 1, 1, "s", kText, OnNull::null, kAny, upper_case},
    {"String.toLowerCase", 1, 1, "s", kText, OnNull::null, kAny, lower_case},
    {"toUpperCase", 1, 1, "s", kText, OnNull::null, kAny, upper_case},
    {"toLowerCase", 1, 1, "s", kText, OnNull::null, kAny, lower_case},
    {"substringBefore", 2, 2, "ss", kText, OnNull::null, kAny, substring_before},
    {"substringAfter", 2, 2, "ss", kText, OnNull::null, kAny, substring_after},
    {"substring", 3, 3, "sii", kText, OnNull::null, kAny, substring},
    {".toUpperCase", 1, 1, "s", kText, OnNull::null, kMapping, upper_case},
    {".toLowerCase", 1, 1, "s", kText, OnNull::null, kMapping, lower_case},
    {".substring", 2, 3, "sii", kText, OnNull::null, kMapping, substring},
    {".replace", 3, 3, "sss", kText, OnNull::null, kMapping, replace_every},
    {".replaceFirst", 3, 3, "sss", kText, OnNull::null, kMapping, replace_first},
    {".length", 1, 1, "s", kInt, OnNull::zero, kMapping, length},
    {".removeSpaces", 1, 1, "s", kText, OnNull::null, kMapping, remove_spaces},
    {".substringBefore", 2, 2, "ss", kText, OnNull::null, kMapping, substring_before},
    {".substringAfter", 2, 2, "ss", kText, OnNull::null, kMapping, substring_after},
    {".versionGreaterThan", 2, 2, "ss", kBool, OnNull::no, kMapping, version_greater_than},
};

}  // namespace

std::span<const Function> text_functions() { return kTextFunctions; }

}  // namespace rollcall::expr
