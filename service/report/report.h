// What people read: a plan or a finished run as text for a terminal, JSON, CSV or one
// self-contained HTML page. Pure: values in, bytes out; memory is bounded by Style, not by the
// plan's length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/clock.h"
#include "service/base/digest.h"
#include "service/model/operation.h"
#include "service/model/plan.h"

namespace rollcall {

enum class Format : std::uint8_t { text, json, csv, html };
std::optional<Format> format_from(std::string_view name);      // "text", "json", "csv", "html"
std::optional<Format> format_for_path(std::string_view path);  // by .txt .json .csv .html .htm

/// Not full: counts, codes, worker keys and ids only; no logins, values, names of groups, rules or
/// sentences (CONTRACT.md, section 2: what a pipe may show). Such JSON is no rollcall.plan/1.
struct Redaction {
  bool full = true;
};

/// `colour`: ANSI colours in text. `sample`: operations shown per kind in text. `rows`: rows shown
/// per section of the HTML page; the rest is counted. `all`: text names every finding and every
/// operation that was not done. Who is not contained is never left out.
struct Style {
  bool colour = false;
  std::size_t sample = 5;
  std::size_t rows = 200;
  bool all = false;
};

/// Somebody who should be out and is not. Heads every report.
struct NotContained {
  std::string worker_key;
  std::string user_id;
  std::string login;
  std::string code;  // dotted id or guard limit: why not
  std::string why;   // one sentence
  std::optional<WallTime> since;
};

/// What the plan itself does not say.
struct ReportNotes {
  std::vector<NotContained> not_contained;
  std::map<std::uint32_t, WallTime> held_since;  // by operation id
  /// Sentences without personal data: paused, an interrupted run settled first, protected accounts.
  std::vector<std::string> remarks;
  std::vector<int> exit_codes;  // all that apply, the one that wins first; empty: not known yet
  bool observes_only = false;   // the configuration manages nothing
  bool looks_at_some = false;   // restricted to some people: of the others it says nothing
};

struct PlanReport {
  const PlanHeader& header;
  const PlanTrailer& trailer;
  Sha256 id;
  ReportNotes notes;
};

/// One operation of a run and what became of it. `state` is the journal's spelling ("applied").
struct RunOperation {
  Operation operation;
  std::string state;
  std::string code;        // dotted id of the error; empty: none
  std::string message;     // one sentence without personal data
  std::string request_id;  // Okta's
  int attempts = 0;
  std::optional<WallTime> settled_at;
};

/// Operations of a run in plan order, one at a time.
class RunCursor {
 public:
  virtual ~RunCursor() = default;
  /// nullptr at the end. The value is valid until the next call.
  virtual Result<const RunOperation*> next() = 0;
};

/// A cursor over a vector that outlives it.
class VectorRunCursor final : public RunCursor {
 public:
  explicit VectorRunCursor(std::span<const RunOperation> operations) : operations_(operations) {}
  Result<const RunOperation*> next() override {
    if (at_ == operations_.size()) return static_cast<const RunOperation*>(nullptr);
    return &operations_[at_++];
  }

 private:
  std::span<const RunOperation> operations_;
  std::size_t at_ = 0;
};

/// A run and the plan it carried out. Counts per state come from the operations themselves.
struct RunReport {
  const PlanHeader& header;
  const PlanTrailer& trailer;
  Sha256 plan;
  std::int64_t run_id = 0;
  std::string verb;   // "sync"
  std::string state;  // "finished"
  WallTime started_at;
  std::optional<WallTime> ended_at;
  ReportNotes notes;
};

/// Renders a plan. JSON is the plan as PlanWriter writes it. CSV is RFC 4180 with one row per
/// person who is not contained, operation and finding; only operations have an id. A cell that a
/// spreadsheet would take for a formula (it begins with = + - @, their full-width forms, tab, CR or
/// LF) gets a leading apostrophe, which readers of such cells strip. Errors: those of cursor and
/// sink; plan.altered if the operations do not give `report.id` (JSON).
Result<void> render_plan(const PlanReport& report, OperationCursor& operations, Format format,
                         Redaction redaction, ByteSink& sink, Style style = {});

/// Renders a run; JSON is `rollcall.run/1`. Errors: those of cursor and sink.
Result<void> render_run(const RunReport& report, RunCursor& operations, Format format,
                        Redaction redaction, ByteSink& sink, Style style = {});

/// A run and its operations; both outlive the rendering.
struct RunPart {
  const RunReport* report = nullptr;
  RunCursor* operations = nullptr;
};

/// Renders the runs of one command as one document, in their order. The notes of the first speak
/// for the command: who is not contained and the exit codes are those of all. JSON: the first's
/// document with the others' in `followed_by`. Errors: those of cursors and sink.
Result<void> render_runs(const std::vector<RunPart>& runs, Format format, Redaction redaction,
                         ByteSink& sink, Style style = {});

}  // namespace rollcall
