// Everything of libpqxx 6.4.5 and libpq that the journal uses, spelled once; another version is
// this file's work (ARCHITECTURE.md, section 4).
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "service/base/digest.h"
#include "service/base/result.h"
#include "service/base/secret.h"

namespace pqxx {
class tablewriter;
}

namespace rollcall::pg {

using Row = pqxx::row;
using Rows = pqxx::result;

inline std::string text(const pqxx::field& field) {
  return field.is_null() ? std::string() : field.as<std::string>();
}
inline std::int64_t number(const pqxx::field& field, std::int64_t otherwise = 0) {
  return field.is_null() ? otherwise : field.as<std::int64_t>();
}
inline bool truth(const pqxx::field& field) { return !field.is_null() && field.as<bool>(); }

/// bytea travels as "\x" and hex digits, both ways.
inline std::string bytea(std::string_view bytes) { return "\\x" + hex(bytes); }
std::string bytea(const Sha256& digest);
std::string bytes(const pqxx::field& field);
Sha256 digest(const pqxx::field& field);

/// A PostgreSQL array literal, one parameter for a whole column.
class Array {
 public:
  void add(std::int64_t value) { item(std::to_string(value)); }
  void add_null() { item("NULL"); }
  void add(bool value) { item(value ? "t" : "f"); }
  void add(std::string_view value);
  void add(const char* value) { add(std::string_view(value)); }
  void add(const std::string& value) { add(std::string_view(value)); }
  std::string str() const { return text_ + "}"; }

 private:
  void item(std::string_view raw);
  std::string text_ = "{";
};

/// A parameter of a statement, as the text that PostgreSQL reads; null if it has none.
class Parameter {
 public:
  Parameter(std::string text) : text_(std::move(text)) {}
  Parameter(std::string_view text) : text_(std::string(text)) {}
  Parameter(const char* text) {
    if (text != nullptr) text_ = text;
  }
  Parameter(bool value) : text_(value ? "t" : "f") {}
  template <std::integral Number>
  Parameter(Number value) : text_(std::to_string(value)) {}
  template <class Value>
  Parameter(const std::optional<Value>& value) {
    if (value) text_ = Parameter(*value).text_;
  }
  const char* c_str() const { return text_ ? text_->c_str() : nullptr; }

 private:
  std::optional<std::string> text_;
};

/// A connection string made safe: keepalives, time-outs and the application's name unless given.
/// Errors: journal.dsn_invalid, journal.insecure.
Result<std::string> safe_dsn(const Secret& dsn, std::int64_t lease_ms);

/// What an exception of libpqxx means. Only the SQL state is told: PostgreSQL's own text may hold
/// values.
Error translate(const std::exception& error);

/// One direct connection. Never reconnects by itself: that would lose its locks unseen.
class Session {
 public:
  /// Errors: journal.unreachable, journal.pooler.
  static Result<std::unique_ptr<Session>> open(const std::string& safe_dsn);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  pqxx::connection& connection() { return *connection_; }
  int backend_pid() const { return backend_pid_; }

  /// Runs one statement; prepared on first use, parameters bound. Throws what libpqxx throws.
  Rows exec(pqxx::transaction_base& tx, const char* sql, std::initializer_list<Parameter> bound);

 private:
  explicit Session(const std::string& safe_dsn);
  const std::string& prepared(const char* sql);

  std::unique_ptr<pqxx::connection> connection_;
  std::unique_ptr<pqxx::quiet_errorhandler> quiet_;  // notices do not belong on stderr
  std::map<const char*, std::string> names_;
  int backend_pid_ = 0;
};

/// Rows on their way into a table, field by field in the order of `columns`. One at a time per
/// transaction; nothing else may run on it meanwhile. Throws what libpqxx throws.
class CopyIn {
 public:
  CopyIn(pqxx::transaction_base& tx, const std::string& table,
         const std::vector<std::string>& columns);
  ~CopyIn();
  CopyIn(const CopyIn&) = delete;
  CopyIn& operator=(const CopyIn&) = delete;
  CopyIn& text(std::string_view value);
  CopyIn& number(std::int64_t value);
  CopyIn& truth(bool value);
  CopyIn& bytea(std::string_view bytes);
  void end_row();
  /// Always the last call, also when the transaction is then abandoned.
  void complete();

 private:
  void separate();
  void flush();

  std::unique_ptr<pqxx::tablewriter> writer_;
  std::string block_;
  bool row_is_empty_ = true;
};

/// While it lives, a stop request cancels what the connection is doing, from a thread of its own:
/// a signal has to end statements that take minutes. Repeated, because a cancellation between two
/// statements is lost.
class CancelOnStop {
 public:
  CancelOnStop(pqxx::connection& connection, const std::stop_token& stop);

 private:
  std::jthread watcher_;
};

/// For the rest of a transaction whose statements read or write whole plans.
void whole_tables(pqxx::transaction_base& tx);

/// Refuses a schema that this version does not know. Errors: journal.schema_missing, _older,
/// _newer, _altered.
Result<void> check_schema(pqxx::transaction_base& tx);

}  // namespace rollcall::pg
