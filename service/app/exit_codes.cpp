#include "service/app/exit_codes.h"

#include <array>

namespace rollcall {
namespace {

constexpr std::array kOrder{64, 78, 1, 7, 75, 6, 9, 8, 10, 5, 3, 4, 2, 0};

}  // namespace

int ExitCodes::first() const {
  const std::vector<int> codes = all();
  return codes.empty() ? 0 : codes.front();
}

std::vector<int> ExitCodes::all() const {
  std::vector<int> out;
  for (const int code : kOrder) {
    if (codes_.count(code) > 0) out.push_back(code);
  }
  return out;
}

}  // namespace rollcall
