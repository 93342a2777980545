#include "service/base/text.h"

#include <fmt/core.h>
#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/translit.h>
#include <unicode/uchar.h>
#include <unicode/ucnv.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <utility>

namespace rollcall {
namespace {

icu::UnicodeString from_utf8(std::string_view text) {
  return icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int>(text.size())));
}

std::string utf8(const icu::UnicodeString& text) {
  std::string out;
  text.toUTF8String(out);
  return out;
}

const icu::Normalizer2& normalizer(bool composed) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* found = composed ? icu::Normalizer2::getNFCInstance(status)
                                           : icu::Normalizer2::getNFDInstance(status);
  if (U_FAILURE(status) || found == nullptr) throw std::runtime_error("ICU has no normaliser");
  return *found;
}

icu::UnicodeString normalize(const icu::UnicodeString& text, bool composed) {
  UErrorCode status = U_ZERO_ERROR;
  icu::UnicodeString out = normalizer(composed).normalize(text, status);
  if (U_FAILURE(status)) throw std::runtime_error("ICU cannot normalise");
  return out;
}

icu::UnicodeString without_marks(const icu::UnicodeString& decomposed) {
  icu::UnicodeString out;
  for (int i = 0; i < decomposed.length();) {
    const UChar32 c = decomposed.char32At(i);
    if (u_charType(c) != U_NON_SPACING_MARK) out.append(c);
    i += U16_LENGTH(c);
  }
  return out;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t keep = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = keep;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += separator;
    out += parts[i];
  }
  return out;
}

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
  if (from.empty()) return std::string(text);
  std::string out;
  while (true) {
    const std::size_t at = text.find(from);
    out += text.substr(0, at);
    if (at == std::string_view::npos) return out;
    out += to;
    text.remove_prefix(at + from.size());
  }
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string ascii_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

bool ascii_iequals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ascii_lower(a) == ascii_lower(b);
}

bool is_valid_utf8(std::string_view text) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto size = static_cast<std::int64_t>(text.size());
  for (std::int64_t i = 0; i < size;) {
    if (bytes[i] < 0x80) {
      ++i;
      continue;
    }
    UChar32 c = 0;
    // U8_NEXT counts in int32; a window of four bytes is all it may look at.
    std::int32_t offset = 0;
    const auto window = static_cast<std::int32_t>(std::min<std::int64_t>(4, size - i));
    U8_NEXT(bytes + i, offset, window, c);
    if (c < 0) return false;
    i += offset;
  }
  return true;
}

bool has_beyond_bmp(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return (static_cast<unsigned char>(c) & 0xf8) == 0xf0; });
}

std::size_t utf8_length(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

bool is_nfc(std::string_view text) {
  if (is_ascii(text)) return true;
  UErrorCode status = U_ZERO_ERROR;
  return normalizer(true).isNormalized(from_utf8(text), status) != 0;
}

std::string nfc(std::string_view text) {
  if (is_ascii(text)) return std::string(text);
  return utf8(normalize(from_utf8(text), true));
}

std::string fold_case(std::string_view text) {
  if (is_ascii(text)) return ascii_lower(text);
  icu::UnicodeString u = normalize(from_utf8(text), true);
  u.foldCase();
  return utf8(normalize(u, true));
}

std::string fold_login(std::string_view text) {
  if (is_ascii(text)) return ascii_lower(text);
  icu::UnicodeString u = without_marks(normalize(from_utf8(text), false));
  u.foldCase();
  return utf8(normalize(u, true));
}

std::string to_lower(std::string_view text) {
  if (is_ascii(text)) return ascii_lower(text);
  return utf8(from_utf8(text).toLower(icu::Locale::getRoot()));
}

std::string to_upper(std::string_view text) {
  return utf8(from_utf8(text).toUpper(icu::Locale::getRoot()));
}

std::string to_ascii(std::string_view text) {
  if (is_ascii(text)) return std::string(text);
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::Transliterator> latin(
      icu::Transliterator::createInstance("Any-Latin; Latin-ASCII", UTRANS_FORWARD, status));
  if (U_FAILURE(status) || latin == nullptr) throw std::runtime_error("ICU cannot transliterate");
  icu::UnicodeString u = from_utf8(text);
  latin->transliterate(u);
  std::string out = utf8(without_marks(normalize(u, false)));
  std::erase_if(out, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  return out;
}

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates) {
  const std::string needle = ascii_lower(word);
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(needle, ascii_lower(candidate));
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

bool encoding_exists(const std::string& name) { return Utf8Converter(name).valid(); }

std::optional<std::string> to_utf8(std::string_view bytes, const std::string& name) {
  Utf8Converter converter(name);
  std::string out;
  if (!converter.valid() || !converter.feed(bytes, true, out)) return std::nullopt;
  return out;
}

Utf8Converter::Utf8Converter(const std::string& encoding) : converter_(nullptr) {
  UErrorCode status = U_ZERO_ERROR;
  UConverter* opened = ucnv_open(encoding.c_str(), &status);
  if (U_FAILURE(status)) return;
  ucnv_setToUCallBack(opened, UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
  converter_ = opened;
}

Utf8Converter::~Utf8Converter() {
  if (converter_ != nullptr) ucnv_close(static_cast<UConverter*>(converter_));
}

Utf8Converter::Utf8Converter(Utf8Converter&& other) noexcept
    : converter_(std::exchange(other.converter_, nullptr)) {}

bool Utf8Converter::valid() const { return converter_ != nullptr; }

bool Utf8Converter::feed(std::string_view bytes, bool end, std::string& out) {
  std::array<UChar, 4096> buffer;
  const char* source = bytes.data();
  const char* limit = source + bytes.size();
  while (true) {
    UErrorCode status = U_ZERO_ERROR;
    UChar* target = buffer.data();
    ucnv_toUnicode(static_cast<UConverter*>(converter_), &target, buffer.data() + buffer.size(),
                   &source, limit, nullptr, static_cast<UBool>(end), &status);
    icu::UnicodeString(buffer.data(), static_cast<int>(target - buffer.data())).toUTF8String(out);
    if (status == U_BUFFER_OVERFLOW_ERROR) continue;
    return U_SUCCESS(status) != 0;
  }
}

std::string with_thousands(long long value) {
  std::string text = fmt::format("{}", value < 0 ? -value : value);
  for (std::size_t i = text.size(); i > 3;) {
    i -= 3;
    text.insert(i, ",");
  }
  return value < 0 ? "-" + text : text;
}

std::string plural(long long count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", with_thousands(count), count == 1 ? one : many);
}

}  // namespace rollcall
