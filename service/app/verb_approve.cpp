// rollcall pending, approve, reject: what the guard holds, and what people say of it.
#include <fmt/core.h>

#include <charconv>
#include <map>

#include "service/app/approvals.h"
#include "service/app/options_internal.h"
#include "service/app/plan_options_internal.h"
#include "service/app/verbs.h"
#include "service/app/wire.h"
#include "service/base/text.h"
#include "service/reconcile/guard.h"

namespace rollcall {
namespace {

namespace po = boost::program_options;

constexpr std::int64_t kApprovalValid_ms = std::int64_t{24} * 3'600'000;
constexpr std::size_t kPendingRows = 20;  // of each hold, as text

Result<std::unique_ptr<Wired>> wire_journal(Program& program) {
  auto settings = program.settings();
  if (!settings) return settings.error();
  WireOptions what;
  what.org = false;
  return wire(program, std::move(*settings), what);
}

/// "90m", "24h", "3d". Errors: usage.
Result<std::int64_t> time_span(std::string_view text) {
  const std::map<char, std::int64_t> units{{'m', 60'000}, {'h', 3'600'000}, {'d', kDayMs}};
  std::int64_t amount = 0;
  const auto unit = text.empty() ? units.end() : units.find(text.back());
  if (unit != units.end()) {
    const char* last = text.data() + text.size() - 1;
    const auto [end, error] = std::from_chars(text.data(), last, amount);
    constexpr std::int64_t kMost = 1'000'000;
    if (error == std::errc() && end == last && amount > 0 && amount < kMost) {
      return amount * unit->second;
    }
  }
  return make_error(ErrorCode::usage, "--expires takes a time such as 90m, 24h or 3d");
}

/// What stands after the colon of a limit may be a group's name.
std::string hold_name(const std::string& held_by, bool full) {
  if (full || held_by.starts_with("attribute:")) return held_by;
  return held_by.substr(0, held_by.find(':'));
}

std::string word_text(const Approval* word, WallTime now) {
  if (word == nullptr) return "";
  if (!word->approved) return fmt::format("rejected by {}", word->approver);
  return fmt::format("{} by {}, until {}", now < word->expires_at ? "approved" : "approval expired",
                     word->approver, format_minute(word->expires_at));
}

using Words = std::map<Sha256, Approval>;

const Approval* word_on(const Words& words, const Sha256& change) {
  const auto found = words.find(change);
  return found == words.end() ? nullptr : &found->second;
}

std::string pending_text(const std::vector<HeldOperation>& held, const Words& words, WallTime now,
                         bool full) {
  if (held.empty()) return "nothing is held\n";
  std::map<std::string, std::vector<const HeldOperation*>> groups;
  for (const HeldOperation& one : held) groups[one.operation.held_by].push_back(&one);
  std::string text;
  for (const auto& [held_by, list] : groups) {
    text += fmt::format("{}  {} held\n", hold_name(held_by, full),
                        with_thousands(static_cast<long long>(list.size())));
    for (std::size_t i = 0; i < list.size() && i < kPendingRows; ++i) {
      const Operation& op = list[i]->operation;
      const std::string said = word_text(word_on(words, list[i]->change), now);
      const std::string who =
          op.subject.worker_key.empty() ? (full ? op.object.name : "") : op.subject.worker_key;
      if (i == 0 || list[i]->plan != list[i - 1]->plan) {
        text += fmt::format("  in plan {}\n", to_text(list[i]->plan));
      }
      text += fmt::format("    {:<20}  {:<14}  since {}{}\n", to_string(op.kind), who,
                          format_minute(list[i]->since), said.empty() ? "" : "  " + said);
    }
    if (list.size() > kPendingRows) {
      text += fmt::format("  and {} more; --json lists all\n",
                          with_thousands(static_cast<long long>(list.size() - kPendingRows)));
    }
  }
  return text;
}

Json pending_json(const std::vector<HeldOperation>& held, const Words& words, bool full) {
  Json list = Json::array();
  for (const HeldOperation& one : held) {
    Json row = Json::object();
    row.set("kind", to_string(one.operation.kind))
        .set("worker_key", one.operation.subject.worker_key)
        .set("user_id", one.operation.subject.user_id)
        .set("held_by", hold_name(one.operation.held_by, full))
        .set("since", format_rfc3339(one.since))
        .set("plan_id", to_text(one.plan));
    Json said;
    if (const Approval* word = word_on(words, one.change)) {
      said = Json::object();
      said.set("approved", word->approved)
          .set("by", word->approver)
          .set("at", format_rfc3339(word->at))
          .set("expires_at", format_rfc3339(word->expires_at));
      if (full) said.set("reason", word->reason);
    }
    list.push(row.set("word", std::move(said)));
  }
  return list;
}

int run_pending(Program& program) {
  auto wired = wire_journal(program);
  if (!wired) return program.fail(wired.error());
  const auto held = (*wired)->journal->held_operations();
  if (!held) return program.fail(held.error());
  const auto said = (*wired)->journal->approvals();
  if (!said) return program.fail(said.error());
  Words words;
  for (const Approval& word : *said) words.emplace(word.change, word);
  program.print(program.json()
                    ? pending_json(*held, words, program.full()).dump() + "\n"
                    : pending_text(*held, words, program.clock().wall(), program.full()));
  return 0;
}

/// Digests of what the plan holds, of the named people only if any are named.
/// Errors: plan.unknown, journal.*, usage (nothing of the kind is held).
Result<std::vector<Sha256>> held_changes(Journal& journal, const std::string& digest_key,
                                         const Sha256& plan, const std::set<std::string>& only,
                                         std::size_t& never) {
  const auto operations = journal.plan_operations(plan);
  if (!operations) return operations.error();
  const auto said = journal.approvals();
  if (!said) return said.error();
  std::set<Sha256>
      released;  // by an approval of this plan, taken back or not: it holds them no longer
  for (const Approval& word : *said) {
    if (word.plan == plan) released.insert(word.change);
  }
  std::vector<Sha256> out;
  for (const Operation& op : *operations) {
    if (op.held_by.empty() && released.count(change_digest(op, digest_key)) == 0) continue;
    if (!only.empty() && only.count(op.subject.worker_key) == 0) continue;
    if (never_released(op)) {
      ++never;
      continue;
    }
    out.push_back(change_digest(op, digest_key));
  }
  if (out.empty()) {
    return make_error(ErrorCode::usage,
                      never > 0 ? "what would shut out the account that Rollcall signs in with is "
                                  "never released"
                                : "the plan holds nothing of the kind; see `rollcall pending`");
  }
  return out;
}

int run_word(Program& program, const VerbOptions& options, bool approved) {
  if (!options.has("plan")) return program.fail(make_error(ErrorCode::usage, "name a plan id"));
  if (trim(options.text("reason")).empty() || !is_valid_utf8(options.text("reason"))) {
    return program.fail(make_error(ErrorCode::usage, "give a --reason, in UTF-8; it is kept"));
  }
  const auto id = sha256_from_text(options.text("plan"));
  if (!id) return program.fail(make_error(ErrorCode::usage, "a plan id reads sha256:…"));
  std::int64_t valid_ms = kApprovalValid_ms;
  if (approved && options.has("expires")) {
    const auto span = time_span(options.text("expires"));
    if (!span) return program.fail(span.error());
    valid_ms = *span;
  }
  std::set<std::string> only;
  for (const std::string& word : options.texts("only")) {
    if (const auto added = add_keys(word, only); !added) return program.fail(added.error());
  }
  auto wired = wire_journal(program);
  if (!wired) return program.fail(wired.error());
  Journal& journal = *(*wired)->journal;
  std::size_t never = 0;
  const auto changes = held_changes(journal, (*wired)->digest_key, *id, only, never);
  if (!changes) return program.fail(changes.error());
  const WallTime now = program.clock().wall();
  const Approval word{{}, *id, approved, "", options.text("reason"), now, now + valid_ms};
  const auto approver = journal.record_approval(*changes, word);
  if (!approver) return program.fail(approver.error());
  const std::string count =
      plural(static_cast<long long>(changes->size()), "operation", "operations");
  if (!approved) {
    program.print(fmt::format("{} rejected by {}\n", count, *approver));
    return 0;
  }
  program.print(fmt::format(
      "{} approved by {} until {}\n"
      "They go out with `rollcall apply {}`, or with a later plan that holds them identically.\n",
      count, *approver, format_minute(word.expires_at), to_text(*id)));
  if (never > 0) {
    program.complain("what would shut out the account that Rollcall signs in with stays held");
  }
  return 0;
}

int parse_word(Program& program, const std::vector<std::string>& words, bool approved) {
  VerbOptions options(
      approved ? "rollcall approve PLAN_ID --reason TEXT [options]"
               : "rollcall reject PLAN_ID --reason TEXT [options]",
      approved
          ? "Releases exactly what that plan holds: it goes out when the plan is applied, or "
            "with a\nlater plan that holds the same change. The approver is the login to the "
            "journal."
          : "Says no, and takes an approval back: what is held stays held, by every later plan "
            "too,\nuntil it is approved or HR no longer asks for it.");
  options.add()("plan", po::value<std::string>()->value_name("PLAN_ID"),
                "the plan (also without --plan)")(
      "only",
      po::value<std::vector<std::string>>()->multitoken()->composing()->value_name("KEY|@FILE"),
      "of these worker keys only")("reason", po::value<std::string>()->value_name("TEXT"),
                                   "why; kept in the journal");
  if (approved) {
    options.add()("expires", po::value<std::string>()->value_name("SPAN"),
                  "how long it holds, such as 90m, 24h or 3d; 24h unless stated");
  }
  options.positional("plan", 1);
  return run_parsed(options, program, words, [&] { return run_word(program, options, approved); });
}

}  // namespace

int verb_pending(Program& program, const std::vector<std::string>& words) {
  VerbOptions options("rollcall pending",
                      "What the guard holds, by which limit and since when, the plan to approve it "
                      "with, and\nwhat was said of it.");
  return run_parsed(options, program, words, [&] { return run_pending(program); });
}

int verb_approve(Program& program, const std::vector<std::string>& words) {
  return parse_word(program, words, true);
}

int verb_reject(Program& program, const std::vector<std::string>& words) {
  return parse_word(program, words, false);
}

}  // namespace rollcall
