// The tokens of the Okta Expression Language, which are those of Spring's with less.
#include <fmt/core.h>

#include "service/expr/lexer_internal.h"

namespace rollcall::expr {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool is_name_part(char c) { return is_name_start(c) || is_digit(c); }

struct Symbol {
  std::string_view text;
  Tok kind;
};

// Longer ones first.
constexpr Symbol kSymbols[] = {
    {"?:", Tok::elvis},       {"==", Tok::equal},         {"!=", Tok::not_equal},
    {"<=", Tok::less_equal},  {">=", Tok::greater_equal}, {"&&", Tok::logical_and},
    {"||", Tok::logical_or},  {"![", Tok::project},       {"(", Tok::left_paren},
    {")", Tok::right_paren},  {"{", Tok::left_brace},     {"}", Tok::right_brace},
    {"[", Tok::left_bracket}, {"]", Tok::right_bracket},  {".", Tok::dot},
    {",", Tok::comma},        {":", Tok::colon},          {"?", Tok::question},
    {"+", Tok::plus},         {"-", Tok::minus},          {"*", Tok::star},
    {"/", Tok::slash},        {"%", Tok::percent},        {"<", Tok::less},
    {">", Tok::greater},      {"!", Tok::bang},
};

// What Okta lists as unsupported although Spring has it.
struct Refused {
  std::string_view text;
  std::string_view message;
};
constexpr Refused kRefused[] = {
    {"++", "'++' does not exist in this language"},
    {"--", "'--' does not exist in this language"},
    {"?.", "'?.' does not exist in this language; write a ternary"},
    {"@", "bean references do not exist in this language"},
    {"#", "variables do not exist in this language"},
    {"^", "'^' does not exist in this language"},
};

class Lexer {
 public:
  Lexer(std::string_view source, std::vector<Token>& out, SyntaxError& error)
      : source_(source), out_(out), error_(error) {}

  bool run() {
    while (true) {
      while (pos_ < source_.size() && is_blank(source_[pos_])) ++pos_;
      if (pos_ == source_.size()) break;
      if (!step()) return false;
    }
    out_.push_back({Tok::end, source_.size(), {}});
    return true;
  }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  bool step() {
    const char c = source_[pos_];
    if (c == '"' || c == '\'') return literal(c);
    if (is_digit(c)) return number();
    if (is_name_start(c)) return name();
    return symbol();
  }

  bool literal(char quote) {
    const std::size_t start = pos_++;
    std::string text;
    while (pos_ < source_.size()) {
      const char c = source_[pos_++];
      if (c != quote) {
        text += c;
      } else if (pos_ < source_.size() && source_[pos_] == quote) {
        text += quote;
        ++pos_;
      } else {
        out_.push_back({Tok::text, start, std::move(text)});
        return true;
      }
    }
    return fail(start, "the text that begins here has no closing quote");
  }

  bool number() {
    const std::size_t start = pos_;
    while (pos_ < source_.size() && is_digit(source_[pos_])) ++pos_;
    Tok kind = Tok::integer;
    // "3.toNumber()": the dot belongs to the number only before a digit.
    if (pos_ + 1 < source_.size() && source_[pos_] == '.' && is_digit(source_[pos_ + 1])) {
      kind = Tok::number;
      ++pos_;
      while (pos_ < source_.size() && is_digit(source_[pos_])) ++pos_;
    }
    if (pos_ < source_.size() && is_name_start(source_[pos_])) {
      return fail(start, "a name cannot begin with a digit");
    }
    out_.push_back({kind, start, std::string(source_.substr(start, pos_ - start))});
    return true;
  }

  bool name() {
    const std::size_t start = pos_;
    while (pos_ < source_.size() && is_name_part(source_[pos_])) ++pos_;
    out_.push_back({Tok::identifier, start, std::string(source_.substr(start, pos_ - start))});
    return true;
  }

  bool symbol() {
    const std::string_view rest = source_.substr(pos_);
    for (const Refused& refused : kRefused) {
      if (rest.starts_with(refused.text)) return fail(pos_, std::string(refused.message));
    }
    for (const Symbol& known : kSymbols) {
      if (!rest.starts_with(known.text)) continue;
      // "![" is a projection only after a dot; else it is a negation.
      const bool after_dot = !out_.empty() && out_.back().kind == Tok::dot;
      if (known.kind == Tok::project && !after_dot) continue;
      out_.push_back({known.kind, pos_, {}});
      pos_ += known.text.size();
      return true;
    }
    if (rest[0] == '=') return fail(pos_, "'=' does not assign here; equality is '=='");
    if (rest[0] > ' ' && rest[0] < 0x7f) {
      return fail(pos_, fmt::format("'{}' does not belong here", rest[0]));
    }
    return fail(pos_, "a control character does not belong here");
  }

  bool fail(std::size_t offset, std::string message) {
    error_ = {offset, std::move(message)};
    return false;
  }

  std::string_view source_;
  std::vector<Token>& out_;
  SyntaxError& error_;
  std::size_t pos_ = 0;
};

}  // namespace

bool tokenize(std::string_view source, std::vector<Token>& out, SyntaxError& error) {
  return Lexer(source, out, error).run();
}

}  // namespace rollcall::expr
