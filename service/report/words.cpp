// The words reports use for kinds, states, exit codes and times.
#include <fmt/core.h>

#include <cmath>

#include "service/base/text.h"
#include "service/report/report_internal.h"

namespace rollcall::report {
namespace {

struct Words {
  Side side;
  std::string_view phrase;
  std::string_view undo;
};

// What cannot be undone: deactivation drops all app assignments and is "not recoverable" in target
// apps (FACTS 5.3); ended sessions and reset factors do not come back.
constexpr std::array<Words, kOperationKinds> kWords{{
    {Side::ours, "link to the account", ""},
    {Side::ours, "release the link", ""},
    {Side::gains, "create the account",
     "A created account stays; it can only be suspended or deactivated."},
    {Side::changes, "update the profile", ""},
    {Side::gains, "activate", ""},
    {Side::gains, "activate anew", ""},
    {Side::loses, "suspend", ""},
    {Side::gains, "unsuspend", ""},
    {Side::gains, "unlock", ""},
    {Side::loses, "deactivate", "Every app assignment goes, and what target apps then delete."},
    {Side::loses, "delete the account", "A deleted account is gone, with its id and history."},
    {Side::loses, "end Okta sessions and tokens (sessions inside apps go on)",
     "Ended sessions and revoked tokens do not come back; people sign in again."},
    {Side::loses, "reset factors", "Reset factors are gone; each person enrols again."},
    {Side::ours, "adopt the group", ""},
    {Side::ours, "release the group", ""},
    {Side::ours, "create the group", ""},
    {Side::ours, "update the group", ""},
    {Side::ours, "delete the group", "A deleted group is gone, with its id and what refers to it."},
    {Side::gains, "add to the group", ""},
    {Side::loses, "remove from the group", ""},
    {Side::loses, "expire the password", ""},
    {Side::loses, "reset a factor", "A reset factor is gone; the person enrols again."},
    {Side::gains, "assign the app", ""},
    {Side::loses, "take the app away",
     "The app's own profile of the person goes, and what the app then deletes."},
    {Side::gains, "assign the app to the group", ""},
    {Side::loses, "take the app from the group",
     "The app's own profiles of the members go, and what the app then deletes."},
    {Side::ours, "activate the group rule", ""},
    {Side::ours, "deactivate the group rule", ""},
    {Side::ours, "activate the policy", ""},
    {Side::ours, "deactivate the policy", ""},
    {Side::ours, "activate the policy's rule", ""},
    {Side::ours, "deactivate the policy's rule", ""},
}};

const Words& words(OperationKind kind) { return kWords[static_cast<std::size_t>(kind)]; }

}  // namespace

Side side_of(OperationKind kind) { return words(kind).side; }
std::string_view phrase_of(OperationKind kind) { return words(kind).phrase; }
std::string_view undo_note(OperationKind kind) { return words(kind).undo; }

char symbol_of(OperationKind kind) {
  if (kind == OperationKind::group_create) return '+';
  if (kind == OperationKind::group_delete) return '-';
  switch (side_of(kind)) {
    case Side::loses:
      return '-';
    case Side::gains:
      return '+';
    case Side::changes:
    case Side::ours:
      break;
  }
  return '~';
}

std::string_view exit_meaning(int code) {
  struct Meaning {
    int code;
    std::string_view text;
  };
  static constexpr std::array<Meaning, 14> kMeanings{{
      {0, "done"},
      {1, "a defect of Rollcall's; the journal is safe"},
      {2, "there are changes"},
      {3, "the guard held something back, or somebody who should be out is not"},
      {4, "some records or operations failed or were set aside"},
      {5, "a source could not be read whole; nothing was done on its behalf"},
      {6, "the org refused the credential"},
      {7, "the journal could not be reached; nothing was changed from then on"},
      {8, "the plan may not be applied"},
      {9, "the org could not be reached or is failing"},
      {10, "stopped early; the next run continues"},
      {64, "wrong usage"},
      {75, "another run holds the lock"},
      {78, "the configuration is wrong, or the journal belongs elsewhere"},
  }};
  for (const Meaning& one : kMeanings) {
    if (one.code == code) return one.text;
  }
  return {};
}

std::string duration_of(std::int64_t ms) {
  const std::int64_t seconds = ms < 0 ? 0 : ms / 1000;
  if (seconds < 1) return "under a second";
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  return fmt::format("{} h {} min", seconds / 3600, seconds % 3600 / 60);
}

std::string forecast_of(double minutes) {
  if (minutes < 1) return "under a minute";
  return "about " + plural(std::llround(minutes), "minute", "minutes");
}

std::string people_by(std::string_view reason, std::uint64_t count) {
  const auto n = static_cast<long long>(count);
  for (const std::string_view one : {"joiner", "mover", "leaver", "rehire", "orphan"}) {
    if (reason == one) return plural(n, one, std::string(one) + "s");
  }
  if (reason == "adopt") reason = "adopted";
  return fmt::format("{} {}", with_thousands(n), reason.empty() ? "other" : reason);
}

std::string limit_name(std::string_view limit, bool full) {
  // After the colon stands an attribute, which is no personal matter, or a group's name.
  if (full || limit.starts_with("attribute:")) return std::string(limit);
  return std::string(limit.substr(0, limit.find(':')));
}

std::optional<std::string> shown(const FieldChange& change,
                                 const std::optional<std::string>& value) {
  if (!value) return std::nullopt;
  return change.sensitive ? std::string("(sensitive)") : *value;
}

bool is_problem(std::string_view state) {
  for (const std::string_view one :
       {"failed", "conflict", "withdrawn", "blocked", "quarantined", "ambiguous"}) {
    if (state == one) return true;
  }
  return false;
}

std::string_view why_nothing(const Scene& scene) {
  for (const auto& source : scene.header.sources) {
    if (!source.certified) return "nothing is done on behalf of a source that was not read whole.";
  }
  if (scene.notes.observes_only) return "users.manage is empty, so this only observes.";
  for (const Finding& finding : scene.trailer.findings) {
    if (finding.severity == Severity::error) return "the findings say what stands in the way.";
  }
  if (scene.notes.looks_at_some) return "nothing is to be done for those whom this run looks at.";
  return "the org is as it should be.";
}

}  // namespace rollcall::report
