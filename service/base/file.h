// Files: whole reads and atomic private writes.
#pragma once

#include <string>
#include <string_view>

#include "service/base/result.h"

namespace rollcall {

/// Errors: io.read_failed.
Result<std::string> read_file(const std::string& path);
/// Writes beside the target with mode 0600, syncs, renames: a reader sees the old or the new file,
/// never a part. Errors: io.write_failed.
Result<void> write_private_file(const std::string& path, std::string_view bytes);
bool file_exists(const std::string& path);

}  // namespace rollcall
