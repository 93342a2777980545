// The log: JSON lines on stderr. A value is loggable only through the types listed here, so that a
// secret or a person's attribute cannot slip in: it does not compile.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "service/base/clock.h"
#include "service/base/json.h"
#include "service/base/secret.h"

namespace rollcall {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// Every event; the list with explanations is log_events.def.
enum class LogEvent : std::uint16_t {
#define ROLLCALL_EVENT(ident, id, level, text) ident,
#include "service/base/log_events.def"
#undef ROLLCALL_EVENT
};

/// Text that is known to hold no personal data: ids, codes, counts, paths without query, names of
/// rules, sources and groups.
struct Loggable {
  std::string text;
};

/// One event's fields, in order.
class LogFields {
 public:
  LogFields& add(std::string_view name, const Loggable& value);
  LogFields& add(std::string_view name, ErrorCode code);
  template <std::integral T>
  LogFields& add(std::string_view name, T value) {
    return add_json(name, Json(static_cast<std::int64_t>(value)));
  }
  const Json& json() const { return fields_; }

 private:
  LogFields& add_json(std::string_view name, Json value);
  Json fields_ = Json::object();
};

/// Thread safe. `sink` gets whole lines without a newline; people's form on a terminal, JSON
/// elsewhere.
class Log {
 public:
  using Sink = std::function<void(std::string_view)>;
  Log(const Clock& clock, Sink sink, LogLevel least, bool for_people);
  void write(LogEvent event, const LogFields& fields = {}) const;

 private:
  const Clock& clock_;
  Sink sink_;
  LogLevel least_;
  bool for_people_;
};

/// A sink that writes lines to stderr, each with one write.
Log::Sink stderr_sink();

}  // namespace rollcall
