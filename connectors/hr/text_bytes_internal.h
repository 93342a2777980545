// A file as UTF-8 text: opened and watched, inflated if it is gzip, decoded from its encoding. Says
// so when it is no text or changes under the reader.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "connectors/hr/csv.h"
#include "service/base/gzip.h"
#include "service/base/text.h"

namespace rollcall {

/// An open regular file that knows what it was when opened.
class WatchedFile {
 public:
  using Progress = std::function<void(std::uint64_t read, std::uint64_t total)>;

  WatchedFile(std::string path, std::stop_token stop, Progress progress);
  ~WatchedFile();
  WatchedFile(const WatchedFile&) = delete;
  WatchedFile& operator=(const WatchedFile&) = delete;

  /// Errors: source.unreadable.
  Result<void> open();
  /// 0 at the end. Errors: source.unreadable, source.stopped, source.changed_while_read as soon as
  /// there is more than there was.
  Result<std::size_t> read(std::span<char> into);
  /// Whether the open file and the path still are what was opened: inode, size, time of change.
  /// Errors: source.changed_while_read.
  Result<void> unchanged() const;

 private:
  Error unreadable(int error_number) const;
  Error changed(std::string_view how) const;

  std::string path_;
  std::stop_token stop_;
  Progress progress_;
  int fd_ = -1;
  struct stat at_open_ {};
  std::uint64_t read_ = 0;
};

class TextBytes final : public ByteReader {
 public:
  /// `encoding`: a name ICU knows, or empty: found from byte order mark and first bytes.
  TextBytes(WatchedFile& file, std::string encoding)
      : file_(file), declared_(std::move(encoding)) {}

  /// Looks at the first bytes. Errors: source.not_text, source.encoding, gzip.corrupt, those of
  /// the file.
  Result<void> start();
  Result<std::size_t> read(std::span<char> into) override;

  /// True if the text comes as UTF-8 and nobody has checked it yet.
  bool unchecked_utf8() const { return !converter_; }

 private:
  Result<bool> fetch(std::string& out);
  Result<std::string> choose_encoding(std::string_view head, std::size_t& mark_bytes) const;
  Result<void> decode(std::string_view bytes, bool end);

  WatchedFile& file_;
  std::string declared_;
  std::string encoding_;
  std::vector<char> raw_;
  std::size_t raw_at_ = 0;
  std::size_t raw_end_ = 0;
  bool raw_done_ = false;
  bool ended_ = false;  // everything is in pending_
  std::optional<GzipReader> gzip_;
  std::optional<Utf8Converter> converter_;
  std::string pending_;  // text that waits to be read
  std::size_t pending_at_ = 0;
  std::string fetched_;
};

}  // namespace rollcall
