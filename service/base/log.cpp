#include "service/base/log.h"

#include <fmt/core.h>
#include <unistd.h>

#include <array>

namespace rollcall {
namespace {

struct EventInfo {
  std::string_view id;
  LogLevel level;
  std::string_view text;
};

constexpr std::array kEvents{
#define ROLLCALL_EVENT(ident, id, level, text) EventInfo{id, LogLevel::level, text},
#include "service/base/log_events.def"
#undef ROLLCALL_EVENT
};

std::string_view name(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "error";
}

}  // namespace

LogFields& LogFields::add_json(std::string_view name, Json value) {
  fields_.set(name, std::move(value));
  return *this;
}

LogFields& LogFields::add(std::string_view name, const Loggable& value) {
  return add_json(name, Json(value.text));
}

LogFields& LogFields::add(std::string_view name, ErrorCode code) {
  return add_json(name, Json(info(code).id));
}

Log::Log(const Clock& clock, Sink sink, LogLevel least, bool for_people)
    : clock_(clock), sink_(std::move(sink)), least_(least), for_people_(for_people) {}

void Log::write(LogEvent event, const LogFields& fields) const {
  const EventInfo& entry = kEvents.at(static_cast<std::size_t>(event));
  if (entry.level < least_) return;
  if (for_people_) {
    std::string line = fmt::format("{} {}", name(entry.level), entry.id);
    for (const auto& [key, value] : fields.json().members()) {
      line += fmt::format(" {}={}", key, value.is_string() ? value.as_string() : value.dump());
    }
    sink_(line);
    return;
  }
  Json line = Json::object();
  line.set("ts", format_okta_time(clock_.wall()))
      .set("level", name(entry.level))
      .set("event", entry.id);
  for (const auto& [key, value] : fields.json().members()) line.set(key, value);
  sink_(line.dump());
}

Log::Sink stderr_sink() {
  return [](std::string_view line) {
    std::string whole(line);
    whole += '\n';
    // One write per line, so that lines of several processes do not mix. A log that cannot be
    // written must not stop a run.
    const ssize_t written = ::write(STDERR_FILENO, whole.data(), whole.size());
    static_cast<void>(written);
  };
}

}  // namespace rollcall
