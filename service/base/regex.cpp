#include "service/base/regex.h"

#include <fmt/core.h>
#include <re2/re2.h>

namespace rollcall {
namespace {

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

re2::RE2::Options options(bool ignore_case) {
  re2::RE2::Options o;
  o.set_log_errors(false);
  o.set_case_sensitive(!ignore_case);
  o.set_dot_nl(false);
  o.set_max_mem(8 << 20);
  return o;
}

}  // namespace

struct Regex::Impl {
  re2::RE2 re;
  Impl(std::string_view pattern, bool ignore_case) : re(piece(pattern), options(ignore_case)) {}
};

Result<Regex> Regex::compile(std::string_view pattern, bool ignore_case) {
  auto impl = std::make_shared<const Impl>(pattern, ignore_case);
  if (!impl->re.ok()) {
    return make_error(ErrorCode::regex_invalid,
                      fmt::format("the pattern '{}' is not valid: {}", pattern, impl->re.error()));
  }
  return Regex(std::move(impl));
}

bool Regex::full_match(std::string_view text) const {
  return re2::RE2::FullMatch(piece(text), impl_->re);
}

bool Regex::partial_match(std::string_view text) const {
  return re2::RE2::PartialMatch(piece(text), impl_->re);
}

std::string Regex::replace_all(std::string_view text, std::string_view rewrite) const {
  std::string out(text);
  re2::RE2::GlobalReplace(&out, impl_->re, piece(rewrite));
  return out;
}

}  // namespace rollcall
