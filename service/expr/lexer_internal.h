// Splits an expression into tokens. String literals have no escapes but the doubled quote.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "service/base/result.h"

namespace rollcall::expr {

enum class Tok : std::uint8_t {
  end,
  identifier,
  integer,
  number,
  text,
  left_paren,
  right_paren,
  left_brace,
  right_brace,
  left_bracket,
  right_bracket,
  project,  // ![
  dot,
  comma,
  colon,
  question,
  elvis,
  plus,
  minus,
  star,
  slash,
  percent,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  bang,
  logical_and,
  logical_or
};

struct Token {
  Tok kind = Tok::end;
  std::size_t offset = 0;
  std::string text;  // identifier, digits, or the content of a literal
};

/// A mistake at a byte offset; compile turns the offset into a column.
struct SyntaxError {
  std::size_t offset = 0;
  std::string message;
};

/// False: `error` says why.
bool tokenize(std::string_view source, std::vector<Token>& out, SyntaxError& error);

}  // namespace rollcall::expr
