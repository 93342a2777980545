#include "service/app/pseudonyms.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "service/base/clock.h"
#include "service/base/digest.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

constexpr std::string_view kConsonants = "bdfgklmnprstvz";
constexpr std::string_view kVowels = "aeiou";
constexpr std::size_t kSyllables = 5;
constexpr std::size_t kNumberDigits = 15;
constexpr std::size_t kShortestTelling = 5;  // shorter words with digits are codes: "Q4", "B12"
constexpr std::int64_t kDays = 20'000;       // 1970 to 2024

bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || byte >= 0x80;
  return letter || (c >= '0' && c <= '9') || c == '@' || c == '.' || c == '_' || c == '+' ||
         c == '-';
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool has_digit(std::string_view text) { return std::any_of(text.begin(), text.end(), is_digit); }

bool has_letter(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80;
  });
}

bool is_telling(std::string_view word) {
  return word.size() >= kShortestTelling &&
         (has_digit(word) || word.find('@') != std::string_view::npos);
}

/// Calls for each run of word bytes with where it begins and ends.
template <class Each>
void each_word(std::string_view text, Each each) {
  for (std::size_t at = 0; at < text.size();) {
    if (!is_word_byte(text[at])) {
      ++at;
      continue;
    }
    std::size_t next = at;
    while (next < text.size() && is_word_byte(text[next])) ++next;
    std::size_t end = next;
    while (end > at && (text[end - 1] == '.' || text[end - 1] == '-')) --end;  // ends a sentence
    each(at, end);
    at = next;
  }
}

std::string capitalised(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 32);
  return text;
}

/// The invented text in the case of the real one.
std::string in_case_of(std::string_view real, const std::string& invented) {
  const std::string lower = to_lower(real);
  if (lower == real) return invented;
  if (to_upper(real) == real) return to_upper(invented);
  std::string out = capitalised(invented);
  // More than a capital in front: not the same as with one, and so neither here.
  const std::string_view first = real.substr(0, 1);
  const bool plain = to_upper(first) == first && to_lower(real.substr(1)) == real.substr(1);
  return plain ? out : out.substr(0, 2) + to_upper(out.substr(2, 1)) + out.substr(3);
}

}  // namespace

std::string Pseudonyms::drawn(std::string_view purpose, std::string_view text,
                              std::uint64_t attempt) const {
  const Sha256 made = hmac_sha256(key_.reveal(), fmt::format("{}\n{}\n{}", purpose, attempt, text));
  return {reinterpret_cast<const char*>(made.bytes.data()), made.bytes.size()};
}

std::string Pseudonyms::shaped(const std::string& folded, std::uint64_t attempt) const {
  const auto word = [&](std::string_view purpose, std::string_view text) {
    const std::string bytes = drawn(purpose, text, attempt);
    std::string out;
    for (std::size_t i = 0; i < kSyllables; ++i) {
      out += kConsonants[static_cast<unsigned char>(bytes[2 * i]) % kConsonants.size()];
      out += kVowels[static_cast<unsigned char>(bytes[2 * i + 1]) % kVowels.size()];
    }
    return out;
  };
  const auto number = [&](std::string_view text) {
    const std::string bytes = drawn("number", text, attempt);
    std::string out;
    for (std::size_t i = 0; i < kNumberDigits; ++i) {
      const auto byte = static_cast<unsigned char>(bytes[i]);
      out += static_cast<char>(i == 0 ? '1' + byte % 9 : '0' + byte % 10);
    }
    return out;
  };
  const std::size_t at = folded.find('@');
  if (at != std::string::npos) {
    const std::string_view whole = folded;
    return word("local", whole) + "@" + word("domain", whole.substr(at + 1)) + ".example";
  }
  if (parse_date(folded)) {
    const std::string bytes = drawn("date", folded, attempt);
    std::int64_t day = 0;
    for (std::size_t i = 0; i < 4; ++i) day = day * 256 + static_cast<unsigned char>(bytes[i]);
    return format_rfc3339(WallTime{day % kDays * kDayMs}).substr(0, 10);
  }
  if (!has_letter(folded)) {
    if (!has_digit(folded)) return word("sign", folded);
    return (folded.front() == '+' ? "+" : "") + number(folded);
  }
  return has_digit(folded) ? word("code", folded).substr(0, 4) + number(folded)
                           : word("word", folded);
}

void Pseudonyms::remember_words(const std::string& folded) {
  if (parse_date(folded)) return;  // days tell nobody, and those of HR stay as they are
  if (is_telling(folded)) telling_.insert(folded);
  each_word(folded, [&](std::size_t begin, std::size_t end) {
    const std::string word = folded.substr(begin, end - begin);
    if (is_telling(word)) telling_.insert(word);
  });
}

std::string Pseudonyms::invented(const std::string& folded) {
  const auto found = known_.find(folded);
  if (found != known_.end()) return found->second;
  remember_words(folded);
  for (std::uint64_t attempt = 0;; ++attempt) {
    std::string made = shaped(folded, attempt);
    if (taken_.count(made) > 0 || telling_.count(made) > 0) continue;
    taken_.insert(made);
    known_.emplace(folded, made);
    return made;
  }
}

std::string Pseudonyms::of(std::string_view real) {
  if (trim(real).empty()) return std::string(real);
  const std::string text = nfc(real);
  return in_case_of(text, invented(fold_login(text)));
}

Json Pseudonyms::json(const Json& real) {
  if (real.is_string()) return Json(of(real.as_string()));
  if (real.is_number()) {
    const std::string text = invented(real.dump());
    std::int64_t value = 0;
    for (const char c : text.substr(0, 9)) value = value * 10 + (is_digit(c) ? c - '0' : 1);
    return Json(value);
  }
  if (real.is_array()) {
    Json out = Json::array();
    for (const Json& item : real.items()) out.push(json(item));
    return out;
  }
  if (real.is_object()) {
    Json out = Json::object();
    for (const auto& [name, value] : real.members()) out.set(name, json(value));
    return out;
  }
  return real;
}

std::string Pseudonyms::id(std::string_view real) const {
  constexpr std::string_view kLetters =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  constexpr std::size_t kPrefix = 3;
  constexpr std::size_t kLength = 20;
  std::string out(real.substr(0, kPrefix));
  const std::string bytes = drawn("id", real, 0);
  for (std::size_t i = 0; out.size() < kLength; ++i) {
    out += kLetters[static_cast<unsigned char>(bytes[i]) % kLetters.size()];
  }
  return out;
}

std::string Pseudonyms::scrubbed(std::string_view text) const {
  std::string out;
  std::size_t copied = 0;
  each_word(text, [&](std::size_t begin, std::size_t end) {
    const std::string folded = fold_login(text.substr(begin, end - begin));
    if (telling_.count(folded) == 0) return;
    out += text.substr(copied, begin - copied);
    const auto found = known_.find(folded);
    out += found == known_.end() ? shaped(folded, 0) : found->second;
    copied = end;
  });
  return out + std::string(text.substr(copied));
}

Result<void> Pseudonyms::check(std::string_view text, const std::string& where) const {
  if (!tells(text)) return ok();
  return make_error(ErrorCode::snapshot_not_clean, "a real value would have been written", where);
}

bool Pseudonyms::tells(std::string_view text) const {
  bool found = false;
  each_word(text, [&](std::size_t begin, std::size_t end) {
    found = found || telling_.count(fold_login(text.substr(begin, end - begin))) > 0;
  });
  return found;
}

}  // namespace rollcall
