// Invented texts for real ones: the same for the same text, so that what matched still matches, and
// keyed, so that nobody finds the real one by trying (decision 0222). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "service/base/json.h"
#include "service/base/result.h"
#include "service/base/secret.h"

namespace rollcall {

using WordSet = std::unordered_set<std::string>;

/// One mapping. Not thread safe. The key stays in here.
class Pseudonyms {
 public:
  explicit Pseudonyms(Secret key) : key_(std::move(key)) {}

  /// Texts that differ in case or diacritics alone get the same invented one, in the same case
  /// where that is all lower, all upper or capitalised: what Okta takes for the same login stays
  /// the same. An e-mail address stays one, digits stay digits, a date stays a date.
  std::string of(std::string_view real);
  /// Texts within lists and objects as `of`, numbers as other numbers, true and false as they are.
  Json json(const Json& real);
  /// An id of Okta's with the same beginning. The real one tells from then on.
  std::string id(std::string_view real);
  /// Text that stays (a department), but for words in it that were invented elsewhere and could
  /// tell who somebody is: those with a digit or an @, and what stands behind the @ of an address;
  /// also where they stand within a longer word ("badge-10026b").
  std::string scrubbed(std::string_view text) const;

  /// Part of somebody's name: `nameless` knows its words from then on, but for single letters.
  void remember_name(std::string_view real);
  /// A label that people made up, without its telling words and without anybody's name; words in
  /// `kept` (folded) stay.
  std::string nameless(std::string_view label, const WordSet& kept = {}) const;
  /// Folds the runs of letters of a text into `words`.
  static void add_words(std::string_view text, WordSet& words);
  /// Whether some word of the text could tell who somebody real is.
  bool tells(std::string_view text) const;
  /// Whether some text within does, or some number of a profile; others are nobody's.
  bool json_tells(const Json& json, bool numbers = false) const;
  /// Errors: snapshot.not_clean where it does; `where` is the file that it was to go to.
  Result<void> check(std::string_view text, const std::string& where) const;
  Result<void> check_json(const Json& json, const std::string& where) const;

 private:
  template <class Each>
  void each_telling(std::string_view text, Each each) const;
  std::string invented(const std::string& folded);
  std::string shaped(const std::string& folded, std::uint64_t attempt) const;
  std::string drawn(std::string_view purpose, std::string_view text, std::uint64_t attempt) const;
  void remember_words(const std::string& folded);
  void remember_domain(const std::string& folded);

  Secret key_;
  std::unordered_map<std::string, std::string> known_;  // folded real text → invented
  WordSet taken_;                                       // invented ones
  WordSet telling_;                                     // folded words of real texts, and real ids
  WordSet names_;                                       // folded words of people's names
};

}  // namespace rollcall
