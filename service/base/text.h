// Text: UTF-8 checks, Unicode normalisation and folding (ICU, with ASCII fast paths), small tools.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall {

std::string_view trim(std::string_view text);  // ASCII white space
std::vector<std::string_view> split(std::string_view text, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);
std::string replace_all(std::string_view text, std::string_view from, std::string_view to);
bool is_ascii(std::string_view text);
std::string ascii_lower(std::string_view text);
bool ascii_iequals(std::string_view a, std::string_view b);

bool is_valid_utf8(std::string_view text);
/// Okta holds only characters of up to three UTF-8 bytes (reference/core-okta-api). Text must be
/// valid UTF-8.
bool has_beyond_bmp(std::string_view text);
/// Code points of valid UTF-8.
std::size_t utf8_length(std::string_view text);

/// NFC of valid UTF-8. ASCII returns at once.
std::string nfc(std::string_view text);
bool is_nfc(std::string_view text);
/// Full case folding of the NFC form: equal for texts that differ in case only.
std::string fold_case(std::string_view text);
/// Case folding and removal of diacritics: Okta's rule for the uniqueness of logins.
std::string fold_login(std::string_view text);
/// Locale-free case mapping.
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);
/// Nearest ASCII: "Åström" becomes "Astrom", "ß" becomes "ss"; what has none is dropped.
std::string to_ascii(std::string_view text);

/// The candidate nearest to `word` by edit distance, if near enough to suggest.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

/// Converts bytes of a named encoding to UTF-8; nullopt if the bytes do not fit it or the name is
/// unknown. `name`: what ICU knows, for example "windows-1252", "iso-8859-15", "utf-16le".
std::optional<std::string> to_utf8(std::string_view bytes, const std::string& name);
bool encoding_exists(const std::string& name);

/// A streaming converter for to_utf8: feed blocks, the last with `end`. One thread.
class Utf8Converter {
 public:
  explicit Utf8Converter(const std::string& encoding);
  ~Utf8Converter();
  Utf8Converter(Utf8Converter&&) noexcept;
  bool valid() const;
  /// Appends UTF-8 to `out`; false if the bytes do not fit the encoding.
  bool feed(std::string_view bytes, bool end, std::string& out);

 private:
  void* converter_;
};

/// "32,812" for people.
std::string with_thousands(long long value);
/// "1 person", "2 people".
std::string plural(long long count, std::string_view one, std::string_view many);

}  // namespace rollcall
