#include "service/app/pseudonyms.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <vector>

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

/// Calls for each run of word bytes with where it begins and ends; an @ in front is none of it.
template <class Each>
void each_word(std::string_view text, Each each) {
  for (std::size_t at = 0; at < text.size();) {
    if (!is_word_byte(text[at]) || text[at] == '@') {
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

/// Where letters, digits and signs of a word meet, its ends included.
std::vector<std::size_t> seams(std::string_view word) {
  const auto kind = [](char c) {
    if (is_digit(c)) return 0;
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x80 || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ? 1 : 2;
  };
  std::vector<std::size_t> out{0};
  for (std::size_t i = 1; i < word.size(); ++i) {
    if (kind(word[i]) != kind(word[i - 1]) || kind(word[i]) == 2) out.push_back(i);
  }
  out.push_back(word.size());
  return out;
}

/// Calls for each run of letters. Punctuation beyond ASCII ends a run too: U+0080 to U+00BF, U+2000
/// to U+2FFF and U+3000 to U+303F, by their first bytes.
template <class Each>
void each_run(std::string_view text, Each each) {
  const auto length_of = [&](std::size_t at) -> std::size_t {  // of the letter there; 0: none
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80) return (text[at] | 0x20) >= 'a' && (text[at] | 0x20) <= 'z' ? 1 : 0;
    if (byte == 0xC2 || byte == 0xE2 || text.substr(at, 2) == "\xE3\x80") return 0;
    return byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 0;
  };
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && length_of(end) > 0) end += length_of(end);
    end = std::min(end, text.size());
    if (end > at) each(at, end);
    at = end + 1;
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

Result<void> not_clean(const std::string& where) {
  return make_error(ErrorCode::snapshot_not_clean, "a real value would have been written", where);
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

/// "x.example" of "ada@x.example" tells whose org it is.
void Pseudonyms::remember_domain(const std::string& folded) {
  const std::size_t at = folded.find('@');
  if (at == std::string::npos || folded.find('.', at) == std::string::npos) return;
  const std::string domain = folded.substr(at + 1);
  const std::string made = shaped(folded, 0);
  telling_.insert(domain);
  known_.emplace(domain, made.substr(made.find('@') + 1));
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
    remember_domain(folded);
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
    while (telling_.count(std::to_string(value)) > 0) ++value;
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

std::string Pseudonyms::id(std::string_view real) {
  constexpr std::string_view kLetters =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  constexpr std::size_t kPrefix = 3;
  constexpr std::size_t kLength = 20;
  remember_words(fold_login(real));
  std::string out(real.substr(0, kPrefix));
  const std::string bytes = drawn("id", real, 0);
  for (std::size_t i = 0; out.size() < kLength; ++i) {
    // Never digits in a row, which could be somebody's number.
    const std::size_t letters = is_digit(out.back()) ? kLetters.size() - 10 : kLetters.size();
    out += kLetters[kLetters.size() - 1 - static_cast<unsigned char>(bytes[i]) % letters];
  }
  return out;
}

/// Calls for each part that tells, of those that begin at one place for the longest.
template <class Each>
void Pseudonyms::each_telling(std::string_view text, Each each) const {
  constexpr std::size_t kFarthest = 24;  // seams between the ends of a part
  each_word(text, [&](std::size_t begin, std::size_t end) {
    const std::string_view word = text.substr(begin, end - begin);
    if (telling_.count(fold_login(word)) > 0) return each(begin, end);
    const std::vector<std::size_t> at = seams(word);
    for (std::size_t i = 0; i + 1 < at.size();) {
      std::size_t next = i + 1;
      for (std::size_t j = std::min(at.size() - 1, i + kFarthest); j > i; --j) {
        if (telling_.count(fold_login(word.substr(at[i], at[j] - at[i]))) == 0) continue;
        each(begin + at[i], begin + at[j]);
        next = j;
        break;
      }
      i = next;
    }
  });
}

std::string Pseudonyms::scrubbed(std::string_view text) const {
  std::string out;
  std::size_t copied = 0;
  each_telling(text, [&](std::size_t begin, std::size_t end) {
    const std::string folded = fold_login(text.substr(begin, end - begin));
    out += text.substr(copied, begin - copied);
    const auto found = known_.find(folded);
    out += found == known_.end() ? shaped(folded, 0) : found->second;
    copied = end;
  });
  return out + std::string(text.substr(copied));
}

void Pseudonyms::add_words(std::string_view text, WordSet& words) {
  each_run(text, [&](std::size_t begin, std::size_t end) {
    const std::string folded = fold_login(text.substr(begin, end - begin));
    if (utf8_length(folded) > 1) words.insert(folded);
  });
}

void Pseudonyms::remember_name(std::string_view real) { add_words(nfc(real), names_); }

std::string Pseudonyms::nameless(std::string_view label, const WordSet& kept) const {
  const std::string text = scrubbed(nfc(label));
  std::string out;
  std::size_t copied = 0;
  each_run(text, [&](std::size_t begin, std::size_t end) {
    const std::string_view run = std::string_view(text).substr(begin, end - begin);
    const std::string folded = fold_login(run);
    if (names_.count(folded) == 0 || kept.count(folded) > 0) return;
    const auto found = known_.find(folded);
    out += text.substr(copied, begin - copied);
    out += in_case_of(run, found == known_.end() ? shaped(folded, 0) : found->second);
    copied = end;
  });
  return out + text.substr(copied);
}

Result<void> Pseudonyms::check(std::string_view text, const std::string& where) const {
  return tells(text) ? not_clean(where) : ok();
}

Result<void> Pseudonyms::check_json(const Json& json, const std::string& where) const {
  return json_tells(json) ? not_clean(where) : ok();
}

bool Pseudonyms::json_tells(const Json& json, bool numbers) const {
  if (json.is_string()) return tells(json.as_string());
  if (json.is_number()) return numbers && tells(json.dump());
  const auto& items = json.items();
  const auto& members = json.members();
  return std::any_of(items.begin(), items.end(),
                     [&](const Json& item) { return json_tells(item, numbers); }) ||
         std::any_of(members.begin(), members.end(), [&](const Json::Member& one) {
           return tells(one.first) || json_tells(one.second, numbers || one.first == "profile");
         });
}

bool Pseudonyms::tells(std::string_view text) const {
  bool found = false;
  each_telling(text, [&](std::size_t, std::size_t) { found = true; });
  return found;
}

}  // namespace rollcall
