// The options of every verb that plans.
#include <fmt/core.h>

#include <charconv>

#include "service/app/plan_options_internal.h"
#include "service/base/file.h"
#include "service/base/text.h"

namespace rollcall {

namespace po = boost::program_options;

void add_plan_options(VerbOptions& options) {
  options.add()("format", po::value<std::string>()->value_name("FORMAT"),
                "what goes to stdout: text, json, csv or html")(
      "report", po::value<std::string>()->value_name("FILE"),
      "also write a report; the ending says which: .html, .csv, .json, .txt")(
      "only",
      po::value<std::vector<std::string>>()->multitoken()->composing()->value_name("KEY|@FILE"),
      "operations on these worker keys only; nobody is a leaver for not being named")(
      "where", po::value<std::string>()->value_name("EXPR"),
      "operations on people for whom this expression over hr.* is true")(
      "sample", po::value<std::string>()->value_name("N%"),
      "operations on a fixed sample of people")("detailed-exitcode", "exit 2 if there are changes");
}

Result<void> add_keys(const std::string& word, std::set<std::string>& keys) {
  if (!word.starts_with("@")) {
    if (trim(word).empty()) return make_error(ErrorCode::usage, "a worker key is empty");
    keys.insert(word);
    return ok();
  }
  const auto text = read_file(word.substr(1));
  // What was typed is wrong, not a source of people: no scheduler should try it again.
  if (!text) return make_error(ErrorCode::usage, text.error().message, word.substr(1));
  if (!is_valid_utf8(*text)) {
    return make_error(ErrorCode::text_encoding, "the file of worker keys is not UTF-8",
                      word.substr(1));
  }
  std::string_view body = *text;
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
  for (const std::string_view line : split(body, '\n')) {
    if (!trim(line).empty()) keys.emplace(trim(line));
  }
  return ok();
}

namespace {

Result<double> percent(std::string_view text) {
  if (text.ends_with("%")) text.remove_suffix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value <= 0 || value > 100) {
    return make_error(ErrorCode::usage, "--sample takes a percentage above 0% and up to 100%");
  }
  return value;
}

}  // namespace

Result<PlanningOptions> planning_options(const Program&, const VerbOptions& options,
                                         Settings& settings) {
  PlanningOptions out;
  for (const std::string& word : options.texts("only")) {
    if (const auto added = add_keys(word, out.only); !added) return added.error();
  }
  if (options.has("only") && out.only.empty()) {
    return make_error(ErrorCode::usage, "--only names nobody");
  }
  if (options.has("where")) {
    CompileOptions names;
    names.hr = &settings.hr_schema;
    names.add_hr = true;
    auto where = compile(options.text("where"), names);
    if (!where) {
      Error error = where.error();
      error.where = fmt::format("--where, column {}", error.where);
      return error;
    }
    out.where = std::move(*where);
  }
  if (options.has("sample")) {
    const auto value = percent(options.text("sample"));
    if (!value) return value.error();
    out.sample_percent = *value;
  }
  if (options.has("as-of")) {
    const auto at = parse_rfc3339(options.text("as-of"));
    if (!at) return at.error();
    out.as_of = *at;
  }
  return out;
}

}  // namespace rollcall
