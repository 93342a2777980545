// gzip both ways. Inflating reads every member of a file, which Poco's stream does not.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "service/base/result.h"

namespace rollcall {

/// Streaming inflate of gzip data with any number of members. One thread.
class GzipReader {
 public:
  GzipReader();
  ~GzipReader();
  GzipReader(GzipReader&&) noexcept;
  /// Appends what `bytes` inflate to. Errors: gzip.corrupt.
  Result<void> feed(std::string_view bytes, std::string& out);
  /// Call at the end of input. Errors: gzip.corrupt if the last member is cut short.
  Result<void> finish() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

bool looks_gzipped(std::string_view first_bytes);
/// Errors: gzip.corrupt, also when the result would exceed `max_bytes`.
Result<std::string> gunzip(std::string_view bytes, std::size_t max_bytes);
std::string gzip(std::string_view bytes);

}  // namespace rollcall
