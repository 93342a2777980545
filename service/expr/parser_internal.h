// Tokens to tree, by recursive descent. Precedence, loosest first: ?: and ternary, OR, AND,
// relations (which do not chain), + and -, * / %, unary, then calls, properties and indexes.
#pragma once

#include <string_view>

#include "service/expr/lexer_internal.h"
#include "service/expr/node_internal.h"

namespace rollcall::expr {

/// Null: `error` says why. Offsets count from the start of `source`.
NodePtr parse(std::string_view source, SyntaxError& error);

}  // namespace rollcall::expr
