// COPY … FROM STDIN with lines of our own: libpqxx's stream_to takes rows apart field by field,
// which cost more than PostgreSQL needs to store them.
#include <pqxx/tablewriter>

#include "service/journal/pg_internal.h"

namespace rollcall::pg {
namespace {

constexpr std::size_t kBlock = 64 * 1024;
constexpr char kHex[] = "0123456789abcdef";

}  // namespace

// The class is called deprecated, and is the one that takes a line as it is.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
CopyIn::CopyIn(pqxx::transaction_base& tx, const std::string& table,
               const std::vector<std::string>& columns)
    : writer_(std::make_unique<pqxx::tablewriter>(tx, table, columns.begin(), columns.end())) {
  block_.reserve(kBlock + kBlock / 4);
}
#pragma GCC diagnostic pop

CopyIn::~CopyIn() = default;

void CopyIn::separate() {
  if (!row_is_empty_) block_ += '\t';
  row_is_empty_ = false;
}

CopyIn& CopyIn::text(std::string_view value) {
  separate();
  std::size_t start = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c != '\\' && c != '\n' && c != '\r' && c != '\t') continue;
    block_.append(value, start, i - start);
    block_ += '\\';
    block_ += c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c;
    start = i + 1;
  }
  block_.append(value, start);
  return *this;
}

CopyIn& CopyIn::number(std::int64_t value) {
  separate();
  block_ += std::to_string(value);
  return *this;
}

CopyIn& CopyIn::truth(bool value) {
  separate();
  block_ += value ? 't' : 'f';
  return *this;
}

CopyIn& CopyIn::bytea(std::string_view bytes) {
  separate();
  block_ += "\\\\x";
  const std::size_t at = block_.size();
  block_.resize(at + 2 * bytes.size());
  char* to = block_.data() + at;
  for (const char c : bytes) {
    const auto u = static_cast<unsigned char>(c);
    *to++ = kHex[u >> 4];
    *to++ = kHex[u & 15];
  }
  return *this;
}

void CopyIn::end_row() {
  row_is_empty_ = true;
  if (block_.size() >= kBlock) {
    flush();
  } else {
    block_ += '\n';
  }
}

void CopyIn::flush() {
  // The writer ends each of its lines; ours may hold many rows.
  if (!block_.empty() && block_.back() == '\n') block_.pop_back();
  if (!block_.empty()) writer_->write_raw_line(block_);
  block_.clear();
}

void CopyIn::complete() {
  flush();
  writer_->complete();
}

}  // namespace rollcall::pg
