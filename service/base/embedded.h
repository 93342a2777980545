// Files that the build puts into the binary, so that it runs from any folder.
#pragma once

#include <span>
#include <string_view>

namespace rollcall::embedded {

struct File {
  std::string_view name;
  std::string_view text;
};

std::span<const File> migrations();
std::span<const File> okta_buckets();

}  // namespace rollcall::embedded
