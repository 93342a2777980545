// Connections: the connection string, what is refused, and what errors mean.
#include <fmt/core.h>
#include <libpq-fe.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "service/base/text.h"
#include "service/journal/pg_internal.h"

namespace rollcall::pg {
namespace {

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

std::map<std::string, std::string> values_of(const Options& options) {
  std::map<std::string, std::string> values;
  for (const PQconninfoOption* o = options.get(); o != nullptr && o->keyword != nullptr; ++o) {
    if (o->val != nullptr && *o->val != '\0') values[o->keyword] = o->val;
  }
  return values;
}

bool on_this_host(std::string_view host) {
  return host.empty() || host.front() == '/' || host.front() == '@' || host == "localhost" ||
         host.substr(0, 4) == "127." || host == "::1";
}

bool all_on_this_host(const std::map<std::string, std::string>& values) {
  const auto address = values.find("hostaddr");
  const auto host = values.find("host");
  const auto& list = address != values.end() ? address : host;
  if (list == values.end()) return true;  // libpq's default is the local socket
  const auto hosts = split(list->second, ',');
  return std::all_of(hosts.begin(), hosts.end(),
                     [](std::string_view one) { return on_this_host(trim(one)); });
}

std::string quoted(const std::string& value) {
  return "'" + replace_all(replace_all(value, "\\", "\\\\"), "'", "\\'") + "'";
}

Error unreachable(std::string_view why) {
  return make_error(ErrorCode::journal_unreachable,
                    fmt::format("the journal cannot be reached ({})", why));
}

}  // namespace

std::string bytea(const Sha256& digest) {
  return bytea({reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()});
}

std::string bytes(const pqxx::field& field) {
  if (field.is_null() || field.size() < 2) return {};
  // Payloads are most of what is read back; PostgreSQL writes hex digits in lower case.
  const std::string_view digits(field.c_str() + 2, field.size() - 2);
  const auto nibble = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out(digits.size() / 2, '\0');
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<char>(nibble(digits[2 * i]) * 16 + nibble(digits[2 * i + 1]));
  }
  return out;
}

Sha256 digest(const pqxx::field& field) {
  Sha256 out;
  const std::string raw = bytes(field);
  std::copy_n(raw.begin(), std::min(raw.size(), out.bytes.size()), out.bytes.begin());
  return out;
}

void Array::item(std::string_view raw) {
  if (text_.size() > 1) text_ += ',';
  text_ += raw;
}

void Array::add(std::string_view value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  item(out + "\"");
}

Result<std::string> safe_dsn(const Secret& dsn, std::int64_t lease_ms) {
  const std::string given(dsn.reveal());
  const Options parsed(PQconninfoParse(given.c_str(), nullptr));
  if (parsed == nullptr) {
    // libpq's reason may quote the password, so it is not passed on.
    return make_error(ErrorCode::journal_dsn_invalid,
                      "journal.postgres is not a PostgreSQL connection string");
  }
  auto values = values_of(parsed);
  const auto defaults = values_of(Options(PQconndefaults()));
  for (const char* inherited : {"host", "hostaddr", "sslmode"}) {
    const auto found = defaults.find(inherited);
    if (found != defaults.end()) values.emplace(*found);
  }
  if (!all_on_this_host(values) && values["sslmode"] != "verify-full") {
    return make_error(ErrorCode::journal_insecure,
                      "the journal is on another host and sslmode is not verify-full");
  }
  const std::map<std::string, std::string> ours{
      {"application_name", "rollcall"}, {"client_encoding", "UTF8"},
      {"connect_timeout", "10"},        {"keepalives", "1"},
      {"keepalives_idle", "10"},        {"keepalives_interval", "5"},
      {"keepalives_count", "3"},        {"tcp_user_timeout", std::to_string(lease_ms)}};
  values.insert(ours.begin(), ours.end());
  std::string out;
  for (const auto& [name, value] : values) out += name + "=" + quoted(value) + " ";
  return out;
}

Error translate(const std::exception& error) {
  const auto* sql = dynamic_cast<const pqxx::sql_error*>(&error);
  if (dynamic_cast<const pqxx::broken_connection*>(&error) != nullptr ||
      dynamic_cast<const pqxx::in_doubt_error*>(&error) != nullptr) {
    return unreachable("the connection broke");
  }
  // libpqxx 6 gives the SQL state only where it has no class of its own for the error.
  const std::string state = sql == nullptr ? "" : sql->sqlstate();
  const std::string kind = state.substr(0, 2);
  if (state == "42501" || dynamic_cast<const pqxx::insufficient_privilege*>(&error) != nullptr) {
    return make_error(ErrorCode::journal_forbidden, "the role may not do this in the journal");
  }
  if (dynamic_cast<const pqxx::insufficient_resources*>(&error) != nullptr) {
    return unreachable("PostgreSQL has no room, memory or connection left");
  }
  if (kind == "08" || kind == "25" || kind == "55" || kind == "57" || kind == "58") {
    return unreachable("SQL state " + state);
  }
  if (sql == nullptr) {
    return make_error(ErrorCode::internal_defect,
                      std::string("the journal failed: ") + error.what());
  }
  const std::string_view message = sql->what();
  return make_error(ErrorCode::internal_defect,
                    fmt::format("the journal refused a statement: {}",
                                state.empty() ? message.substr(0, message.find_first_of("\"\n"))
                                              : std::string_view(state)));
}

/// libpqxx 6 reconnects by itself at the next BEGIN; the new session would have neither our lock
/// nor our search path. The call is deprecated because version 7 never reconnects.
static void never_reactivate(pqxx::connection& connection) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  connection.inhibit_reactivation(true);
#pragma GCC diagnostic pop
}

Session::Session(const std::string& dsn)
    : connection_(std::make_unique<pqxx::connection>(dsn)),
      quiet_(std::make_unique<pqxx::quiet_errorhandler>(*connection_)),
      backend_pid_(connection_->backendpid()) {
  never_reactivate(*connection_);
}

Result<std::unique_ptr<Session>> Session::open(const std::string& dsn) {
  try {
    std::unique_ptr<Session> session(new Session(dsn));
    pqxx::nontransaction tx(session->connection());
    // A pooler gives its clients a process number of its own to cancel by.
    if (tx.exec("SELECT pg_backend_pid()")[0][0].as<int>() != session->backend_pid()) {
      return make_error(ErrorCode::journal_pooler,
                        "the journal is reached through a connection pooler");
    }
    tx.exec("SET search_path TO rollcall, pg_catalog, pg_temp");
    tx.exec("SET statement_timeout TO '120s'");
    tx.exec("SET lock_timeout TO '30s'");
    // A queue just filled has no statistics, and our role may not gather them: without these the
    // planner reads whole tables for a claim of eight rows (measured: 100 ms instead of 0.2).
    tx.exec("SET enable_seqscan TO off");
    tx.exec("SET enable_hashjoin TO off");
    tx.exec("SET enable_mergejoin TO off");
    tx.exec("SET enable_bitmapscan TO off");
    tx.exec("SET plan_cache_mode TO force_generic_plan");  // planning cost more than running
    tx.exec("SET jit TO off");
    return session;
  } catch (const pqxx::broken_connection& error) {
    const std::string_view reason = error.what();
    return unreachable(trim(reason.substr(0, reason.find('\n'))));
  } catch (const std::exception& error) {
    return translate(error);
  }
}

static void cancel_once_stopped(pqxx::connection& connection, const std::stop_token& stop,
                                const std::stop_token& ended) {
  constexpr std::chrono::milliseconds kAgain{100};
  std::mutex mutex;
  std::condition_variable_any wake;
  const std::stop_callback stopped(stop, [&] {
    const std::lock_guard lock(mutex);
    wake.notify_all();
  });
  std::unique_lock lock(mutex);
  wake.wait(lock, ended, [&stop] { return stop.stop_requested(); });
  while (!ended.stop_requested()) {
    try {
      connection.cancel_query();
    } catch (const std::exception&) {
      // No way to the server: the statement ends with the connection.
    }
    wake.wait_for(lock, ended, kAgain, [] { return false; });
  }
}

CancelOnStop::CancelOnStop(pqxx::connection& connection, const std::stop_token& stop) {
  if (!stop.stop_possible()) return;
  watcher_ = std::jthread([&connection, stop](const std::stop_token& ended) {
    cancel_once_stopped(connection, stop, ended);
  });
}

void whole_tables(pqxx::transaction_base& tx) {
  tx.exec(
      "SET LOCAL statement_timeout TO '30min'; SET LOCAL enable_seqscan TO on;"
      "SET LOCAL enable_hashjoin TO on; SET LOCAL enable_mergejoin TO on;"
      // Without statistics a nested loop over a whole plan looks cheap and takes hours.
      " SET LOCAL enable_nestloop TO off;"
      "SET LOCAL enable_bitmapscan TO on");
}

Rows Session::exec(pqxx::transaction_base& tx, const char* sql,
                   std::initializer_list<Parameter> bound) {
  std::vector<const char*> texts;
  texts.reserve(bound.size());
  for (const Parameter& one : bound) texts.push_back(one.c_str());
  return tx.exec_prepared(prepared(sql), pqxx::prepare::make_dynamic_params(texts));
}

const std::string& Session::prepared(const char* sql) {
  const auto known = names_.find(sql);
  if (known != names_.end()) return known->second;
  const std::string name = "s" + std::to_string(names_.size());
  connection_->prepare(name, sql);
  return names_.emplace(sql, name).first->second;
}

}  // namespace rollcall::pg
