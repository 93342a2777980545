// The realistic day of scenes.h, rendered: what the report tests share.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "service/report/report.h"
#include "tests/unit/report/scenes.h"

namespace rollcall::report_scenes {

struct Day {
  PlanHeader head = header();
  std::vector<Operation> ops = operations();
  PlanTrailer tail = trailer(ops);
  ReportNotes extra = notes(ops);

  std::string plan(Format format, bool full = true, Style style = {}) const {
    VectorCursor cursor(ops);
    StringSink sink;
    const PlanReport report{head, tail, id_of(head, ops), extra};
    const auto done = render_plan(report, cursor, format, {full}, sink, style);
    EXPECT_TRUE(done) << describe(done.error());
    return sink.text();
  }
  RunReport report_of_run(std::int64_t id) const {
    return {head,   tail,       id_of(head, ops),           id,
            "sync", "finished", at("2026-03-01T06:00:15Z"), at("2026-03-01T06:04:27Z"),
            extra};
  }
  std::string run(Format format, bool full = true, Style style = {}) const {
    const std::vector<RunOperation> all = results(ops);
    VectorRunCursor cursor(all);
    StringSink sink;
    const auto done = render_run(report_of_run(42), cursor, format, {full}, sink, style);
    EXPECT_TRUE(done) << describe(done.error());
    return sink.text();
  }
};

inline bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

inline std::size_t count_of(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace rollcall::report_scenes
