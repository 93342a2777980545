#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "connectors/hr/text_bytes_internal.h"

namespace rollcall {
namespace {

constexpr std::size_t kRawBytes = 65536;
// gzip inflates up to 1,032 times: a slice of this size keeps what one step yields near 4 MiB.
constexpr std::size_t kGzipSlice = 4096;
constexpr std::size_t kHeadBytes = 65536;

struct Magic {
  std::string_view bytes;
  std::string_view what;
};
constexpr std::array kMagic{
    Magic{"PK\x03\x04", "a ZIP archive or Excel workbook"},
    Magic{"\xd0\xcf\x11\xe0", "an old Excel workbook"},
    Magic{"%PDF", "a PDF"},
    Magic{"\x1f\x8b", "compressed twice"},
    Magic{"(\xb5/\xfd", "compressed with zstd"},
    Magic{"\xfd"
          "7zXZ",
          "compressed with xz"},
    Magic{"BZh", "compressed with bzip2"},
    Magic{"-----BEGIN PGP", "encrypted with PGP"},
    Magic{"SQLite format 3", "an SQLite database"},
    Magic{"\x7f"
          "ELF",
          "a program"},
    Magic{"\x89PNG", "a picture"},
};

bool is_utf8_name(std::string_view name) {
  return ascii_iequals(name, "utf-8") || ascii_iequals(name, "utf8");
}
bool is_utf16_name(std::string_view name) {
  return ascii_iequals(name, "utf-16") || ascii_iequals(name, "utf16");
}

struct Mark {
  std::string_view bytes;
  const char* encoding;
};
// The longer marks first: UTF-32's begins with UTF-16's.
constexpr std::array kMarks{
    Mark{"\xef\xbb\xbf", "utf-8"},
    Mark{std::string_view("\xff\xfe\0\0", 4), "utf-32le"},
    Mark{std::string_view("\0\0\xfe\xff", 4), "utf-32be"},
    Mark{"\xff\xfe", "utf-16le"},
    Mark{"\xfe\xff", "utf-16be"},
};

/// UTF-16 without a mark: a header is mostly ASCII, so every second byte is NUL.
std::string_view utf16_by_nul(std::string_view head) {
  const std::size_t pairs = std::min<std::size_t>(head.size(), 1024) / 2;
  std::size_t even = 0;
  std::size_t odd = 0;
  for (std::size_t i = 0; i < pairs; ++i) {
    even += head[2 * i] == '\0' ? 1 : 0;
    odd += head[2 * i + 1] == '\0' ? 1 : 0;
  }
  if (pairs < 4) return {};
  if (odd * 10 >= pairs * 6 && even * 20 <= pairs) return "utf-16le";
  if (even * 10 >= pairs * 6 && odd * 20 <= pairs) return "utf-16be";
  return {};
}

/// What the bytes are if they are no text; empty for text.
std::string_view not_text(std::string_view head) {
  for (const Magic& magic : kMagic) {
    if (head.starts_with(magic.bytes)) return magic.what;
  }
  const auto controls =
      static_cast<std::size_t>(std::count_if(head.begin(), head.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f';
      }));
  if (controls >= 4 && controls * 20 > head.size()) return "binary";
  return {};
}

}  // namespace

WatchedFile::WatchedFile(std::string path, std::stop_token stop, Progress progress)
    : path_(std::move(path)), stop_(std::move(stop)), progress_(std::move(progress)) {}

WatchedFile::~WatchedFile() {
  if (fd_ >= 0) ::close(fd_);
}

Error WatchedFile::unreadable(int error_number) const {
  return make_error(ErrorCode::source_unreadable,
                    fmt::format("the file cannot be read: {}", std::strerror(error_number)), path_);
}

Error WatchedFile::changed(std::string_view how) const {
  return make_error(ErrorCode::source_changed_while_read,
                    fmt::format("the file was {} while it was read, so what was read is not one "
                                "export",
                                how),
                    path_);
}

Result<void> WatchedFile::open() {
  // Non-blocking: a named pipe would hang here instead of being refused below.
  fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd_ < 0 || ::fstat(fd_, &at_open_) != 0) return unreadable(errno);
  if (!S_ISREG(at_open_.st_mode)) {
    return make_error(ErrorCode::source_unreadable,
                      S_ISDIR(at_open_.st_mode) ? "the path names a folder, not a file"
                                                : "the path does not name a regular file",
                      path_);
  }
  return ok();
}

Result<std::size_t> WatchedFile::read(std::span<char> into) {
  if (stop_.stop_requested()) {
    return make_error(ErrorCode::source_stopped, "the read was stopped before its end", path_);
  }
  ssize_t n = 0;
  do {
    n = ::read(fd_, into.data(), into.size());
  } while (n < 0 && errno == EINTR);
  if (n < 0) return unreadable(errno);
  read_ += static_cast<std::uint64_t>(n);
  const auto total = static_cast<std::uint64_t>(at_open_.st_size);
  // A writer that is faster than the reader would otherwise keep it here for ever.
  if (read_ > total) return changed("growing");
  if (n > 0 && progress_) progress_(read_, total);
  return static_cast<std::size_t>(n);
}

Result<void> WatchedFile::unchanged() const {
  struct stat now {};
  struct stat by_path {};
  if (::fstat(fd_, &now) != 0) return unreadable(errno);
  if (::stat(path_.c_str(), &by_path) != 0) return changed("removed");
  if (by_path.st_ino != now.st_ino || by_path.st_dev != now.st_dev) return changed("replaced");
  if (now.st_size > at_open_.st_size) return changed("growing");
  if (now.st_size < at_open_.st_size) return changed("shortened");
  if (now.st_mtim.tv_sec != at_open_.st_mtim.tv_sec ||
      now.st_mtim.tv_nsec != at_open_.st_mtim.tv_nsec) {
    return changed("written to");
  }
  return ok();
}

/// Appends the next inflated bytes; false at the end.
Result<bool> TextBytes::fetch(std::string& out) {
  if (raw_at_ == raw_end_) {
    if (raw_done_) return false;
    raw_.resize(kRawBytes);
    const auto n = file_.read(raw_);
    if (!n) return n.error();
    raw_at_ = 0;
    raw_end_ = *n;
    if (*n == 0) {
      raw_done_ = true;
      if (gzip_) {
        if (const auto done = gzip_->finish(); !done) return done.error();
      }
      return false;
    }
    if (!gzip_ && looks_gzipped({raw_.data(), raw_end_}) && encoding_.empty()) gzip_.emplace();
  }
  const std::size_t slice = std::min(raw_end_ - raw_at_, gzip_ ? kGzipSlice : kRawBytes);
  const std::string_view bytes(raw_.data() + raw_at_, slice);
  raw_at_ += slice;
  if (!gzip_) {
    out += bytes;
    return true;
  }
  if (const auto fed = gzip_->feed(bytes, out); !fed) return fed.error();
  return true;
}

Result<std::string> TextBytes::choose_encoding(std::string_view head,
                                               std::size_t& mark_bytes) const {
  mark_bytes = 0;
  for (const Mark& mark : kMarks) {
    if (!head.starts_with(mark.bytes)) continue;
    const bool fits =
        declared_.empty() || ascii_iequals(declared_, mark.encoding) ||
        (is_utf8_name(declared_) && is_utf8_name(mark.encoding)) ||
        (is_utf16_name(declared_) && ascii_lower(mark.encoding).starts_with("utf-16"));
    if (!fits) {
      return make_error(ErrorCode::source_encoding,
                        fmt::format("the encoding is declared as {}, but the file begins with the "
                                    "byte order mark of {}",
                                    declared_, mark.encoding));
    }
    mark_bytes = mark.bytes.size();
    return std::string(mark.encoding);
  }
  if (!declared_.empty() && !is_utf16_name(declared_)) {
    if (is_utf8_name(declared_)) return std::string("utf-8");
    return declared_;
  }
  if (const std::string_view found = utf16_by_nul(head); !found.empty()) return std::string(found);
  return std::string(is_utf16_name(declared_) ? "utf-16le" : "utf-8");
}

Result<void> TextBytes::start() {
  std::string head;
  bool more = true;
  while (more && head.size() < kHeadBytes) {
    const auto fetched = fetch(head);
    if (!fetched) return fetched.error();
    more = *fetched;
  }
  std::size_t mark_bytes = 0;
  auto chosen = choose_encoding(head, mark_bytes);
  if (!chosen) return chosen.error();
  encoding_ = *chosen;
  const bool wide =
      ascii_lower(encoding_).starts_with("utf-16") || ascii_lower(encoding_).starts_with("utf-32");
  if (const std::string_view what = wide ? std::string_view() : not_text(head); !what.empty()) {
    return make_error(ErrorCode::source_not_text,
                      fmt::format("the file is not CSV text: it is {}", what));
  }
  const std::string_view text = std::string_view(head).substr(mark_bytes);
  if (encoding_ == "utf-8") {
    pending_ = text;
    return ok();
  }
  converter_.emplace(encoding_);
  if (!converter_->valid()) {
    return make_error(ErrorCode::source_encoding,
                      fmt::format("no encoding is known by the name '{}'", encoding_));
  }
  return decode(text, false);
}

Result<void> TextBytes::decode(std::string_view bytes, bool end) {
  if (converter_->feed(bytes, end, pending_)) return ok();
  return make_error(ErrorCode::source_encoding,
                    fmt::format("the file holds bytes that do not exist in {}", encoding_));
}

Result<std::size_t> TextBytes::read(std::span<char> into) {
  if (pending_at_ == pending_.size()) {
    pending_.clear();
    pending_at_ = 0;
  }
  // Plain UTF-8, the common case, goes from the file into the caller's block without a copy.
  if (pending_.empty() && raw_at_ == raw_end_ && !gzip_ && !converter_) return file_.read(into);
  while (pending_.empty()) {
    if (ended_) return std::size_t{0};
    fetched_.clear();
    const auto fetched = fetch(converter_ ? fetched_ : pending_);
    if (!fetched) return fetched.error();
    ended_ = !*fetched;
    if (!converter_) continue;
    if (const auto decoded = decode(fetched_, ended_); !decoded) return decoded.error();
  }
  const std::size_t n = std::min(into.size(), pending_.size() - pending_at_);
  std::memcpy(into.data(), pending_.data() + pending_at_, n);
  pending_at_ += n;
  return n;
}

}  // namespace rollcall
