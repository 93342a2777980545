// Private to service/report: the common view of plans and runs, and the four renderers.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "service/report/report.h"

namespace rollcall::report {

/// One operation; `result` is null in a plan.
struct Entry {
  const Operation* op = nullptr;
  const RunOperation* result = nullptr;
};

class EntryCursor {
 public:
  virtual ~EntryCursor() = default;
  /// An entry without operation at the end.
  virtual Result<Entry> next() = 0;
};

/// What a renderer needs besides the operations; `run` is null in a plan.
struct Scene {
  const PlanHeader& header;
  const PlanTrailer& trailer;
  Sha256 id;
  const ReportNotes& notes;
  const RunReport* run = nullptr;
  bool full = true;
  Style style;
  bool followed = false;  // another run of the same command stands below
  bool follows = false;   // another one stands above: it speaks for the command
};

/// One plan or run of a document.
struct Part {
  Scene scene;
  EntryCursor* entries = nullptr;
};
using Parts = std::vector<Part>;  // one at least

Result<void> write_text(const Parts& parts, ByteSink& sink);
Result<void> write_html(const Parts& parts, ByteSink& sink);
Result<void> write_csv(const Parts& parts, ByteSink& sink);
Result<void> write_json(const Parts& parts, ByteSink& sink);

// --- words ---

/// What an operation means for its person's access.
enum class Side : std::uint8_t { loses, gains, changes, ours };
inline constexpr std::size_t kSides = 4;
Side side_of(OperationKind kind);
/// '-', '+' or '~'.
char symbol_of(OperationKind kind);
/// "suspend", "add to the group": what is done, for people.
std::string_view phrase_of(OperationKind kind);
/// Why the kind cannot be undone; empty if it can.
std::string_view undo_note(OperationKind kind);
/// What the exit code says; empty if it is none of the contract's.
std::string_view exit_meaning(int code);
/// "4 min 12 s".
std::string duration_of(std::int64_t ms);
/// "under a minute", "about 12 minutes": a forecast is no more exact than that.
std::string forecast_of(double minutes);
/// "joiners", "movers": the plural of a reason; others as they are.
std::string people_by(std::string_view reason, std::uint64_t count);
/// The limit's name without what follows a colon if that names a group and `full` is false.
std::string limit_name(std::string_view limit, bool full);
/// Value of a change for people, or nullopt for null; sensitive values masked.
std::optional<std::string> shown(const FieldChange& change,
                                 const std::optional<std::string>& value);
/// True for states that a person should look at: failed, conflict, withdrawn, blocked, quarantined,
/// ambiguous.
bool is_problem(std::string_view state);
/// Why there is no operation: only a read that counts shows that the org is as it should be.
std::string_view why_nothing(const Scene& scene);

}  // namespace rollcall::report
