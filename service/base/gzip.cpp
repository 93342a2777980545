#include "service/base/gzip.h"

#include <zlib.h>

#include <array>
#include <stdexcept>

namespace rollcall {
namespace {
constexpr int kGzipWindow = 15 + 16;

Error corrupt(const char* why) { return make_error(ErrorCode::gzip_corrupt, why); }
}  // namespace

struct GzipReader::State {
  z_stream stream{};
  bool inside = false;  // between a member's first and last byte
  State() {
    if (inflateInit2(&stream, kGzipWindow) != Z_OK)
      throw std::runtime_error("zlib failed to start");
  }
  ~State() { inflateEnd(&stream); }
};

GzipReader::GzipReader() : state_(std::make_unique<State>()) {}
GzipReader::~GzipReader() = default;
GzipReader::GzipReader(GzipReader&&) noexcept = default;

Result<void> GzipReader::feed(std::string_view bytes, std::string& out) {
  std::array<char, 65536> buffer;
  z_stream& z = state_->stream;
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  bool more = !bytes.empty();
  while (more) {
    if (!state_->inside) {
      // Zero padding after the last member is allowed (as gzip itself does).
      while (z.avail_in > 0 && *z.next_in == 0) {
        ++z.next_in;
        --z.avail_in;
      }
      if (z.avail_in == 0) return ok();
      inflateReset2(&z, kGzipWindow);
      state_->inside = true;
    }
    z.next_out = reinterpret_cast<Bytef*>(buffer.data());
    z.avail_out = buffer.size();
    const int code = inflate(&z, Z_NO_FLUSH);
    out.append(buffer.data(), buffer.size() - z.avail_out);
    if (code == Z_STREAM_END) {
      state_->inside = false;
      more = z.avail_in > 0;
    } else if (code == Z_OK || code == Z_BUF_ERROR) {
      more = z.avail_in > 0 || z.avail_out == 0;
    } else {
      return corrupt("the gzip data is damaged");
    }
  }
  return ok();
}

Result<void> GzipReader::finish() const {
  if (state_->inside) return corrupt("the gzip data is cut short");
  return ok();
}

bool looks_gzipped(std::string_view first_bytes) {
  return first_bytes.size() >= 2 && first_bytes[0] == '\x1f' && first_bytes[1] == '\x8b';
}

Result<std::string> gunzip(std::string_view bytes, std::size_t max_bytes) {
  GzipReader reader;
  std::string out;
  while (!bytes.empty()) {
    const std::string_view block = bytes.substr(0, 65536);
    if (const auto fed = reader.feed(block, out); !fed) return fed.error();
    if (out.size() > max_bytes) return corrupt("the gzip data inflates beyond the allowed size");
    bytes.remove_prefix(block.size());
  }
  if (const auto done = reader.finish(); !done) return done.error();
  return out;
}

std::string gzip(std::string_view bytes) {
  z_stream z{};
  if (deflateInit2(&z, 6, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("zlib failed to start");
  }
  std::string out(deflateBound(&z, static_cast<uLong>(bytes.size())), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

}  // namespace rollcall
