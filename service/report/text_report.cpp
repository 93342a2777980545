// Text for a terminal: at most 100 columns, what needs a person first, the identity of the plan
// last.
#include <fmt/core.h>

#include <algorithm>

#include "service/base/text.h"
#include "service/report/tally_internal.h"
#include "service/report/visible.h"

namespace rollcall::report {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kLinesPerUpdate = 6;
constexpr std::size_t kFindingExamples = 3;
constexpr std::size_t kReasonsAtHead = 5;

std::string count_text(std::uint64_t n) { return with_thousands(static_cast<long long>(n)); }

/// The text under construction, with colours if wanted.
class Page {
 public:
  Page(const Scene& scene, const Tally& tally) : scene_(scene), tally_(tally) {}

  std::string finish() {
    not_contained();
    first_lines();
    sources();
    changes();
    problems();
    samples();
    held();
    findings();
    cannot_undo();
    ending();
    return std::move(out_);
  }

  /// What stands below the last of several runs.
  std::string end_of_command() {
    out_ += "\n";
    exits();
    return std::move(out_);
  }

 private:
  std::string ansi(const char* code) const {
    return scene_.style.colour ? fmt::format("\x1b[{}m", code) : std::string();
  }
  std::string red() const { return ansi("1;31"); }
  std::string yellow() const { return ansi("33"); }
  std::string bold() const { return ansi("1"); }
  std::string dim() const { return ansi("2"); }
  std::string reset() const { return ansi("0"); }
  std::string colour_of(OperationKind kind) const {
    const char symbol = symbol_of(kind);
    return symbol == '-' ? ansi("31") : symbol == '+' ? ansi("32") : std::string();
  }

  void line(const std::string& text, const std::string& colour = {}) {
    out_ += colour + fit(text, kWidth) + (colour.empty() ? "" : reset()) + "\n";
  }
  /// Wrapped text whose lines all begin at `indent`.
  void paragraph(std::string_view text, std::size_t indent, const std::string& colour = {}) {
    for (const std::string& one : wrap(text, kWidth - indent)) {
      line(std::string(indent, ' ') + one, colour);
    }
  }
  void heading(const std::string& text) {
    out_ += "\n" + bold() + fit(text, kWidth) + reset() + "\n";
  }

  /// What was cut, and how to see it.
  void more(std::uint64_t count) {
    if (count == 0) return;
    const std::string how = scene_.run == nullptr
                                ? "--full"
                                : fmt::format("rollcall show {} --full", scene_.run->run_id);
    line(fmt::format("    … {} more: {}", count_text(count), how), dim());
  }

  std::string who(const Subject& subject) const {
    std::string text = visible(subject.worker_key);
    const bool login = scene_.full && !subject.login.empty();
    const std::string& second = login ? subject.login : subject.user_id;
    if (!second.empty()) text += (text.empty() ? "" : "  ") + visible(second);
    return text;
  }

  void not_contained();
  void first_lines();
  void sources();
  void changes();
  void problems();
  void samples();
  void sample_of(OperationKind kind, const KindTally& counted);
  void fields_of(const Operation& op);
  void held();
  void findings();
  void cannot_undo();
  void ending();
  void forecast();
  void exits();

  const Scene& scene_;
  const Tally& tally_;
  std::string out_;
};

void Page::not_contained() {
  const auto& all = scene_.notes.not_contained;
  if (all.empty() || scene_.follows) return;
  line(fmt::format("NOT CONTAINED: {} who should be out {} not",
                   plural(static_cast<long long>(all.size()), "person", "people"),
                   all.size() == 1 ? "is" : "are"),
       red());
  Columns table(2, {false, false, false, false, false});
  const bool reasons = scene_.full && (all.size() <= kReasonsAtHead || scene_.style.all);
  for (const NotContained& one : all) {
    const bool login = scene_.full && !one.login.empty();
    table.row({"!", visible(one.worker_key), visible(login ? one.login : one.user_id),
               visible(limit_name(one.code, scene_.full)),
               one.since ? "since " + format_minute(*one.since) : ""},
              red(), reset());
    if (reasons && !one.why.empty()) {
      out_ += table.text(kWidth);
      table = Columns(2, {false, false, false, false, false});
      paragraph(visible(one.why), 4);
    }
  }
  out_ += table.text(kWidth);
  out_ += "\n";
}

void Page::first_lines() {
  const PlanHeader& h = scene_.header;
  if (scene_.follows) {
    heading("Then, in the same command:");
    out_ += "\n";
  }
  line(fmt::format("{} · {} · as of {}", visible(h.environment), visible(h.org),
                   format_minute(h.as_of)),
       bold());
  if (const RunReport* run = scene_.run) {
    std::string text = fmt::format("Run {} · {} · {} · began {}", run->run_id, visible(run->verb),
                                   visible(run->state), format_minute(run->started_at));
    if (run->ended_at) text += " · took " + duration_of(*run->ended_at - run->started_at);
    line(text);
  } else {
    line(fmt::format("Plan: nothing has been changed · valid until {}",
                     format_minute(h.expires_at)));
    if (!h.sealed) line("Not sealed in a journal: it cannot be applied.", yellow());
  }
  for (const std::string& remark : scene_.notes.remarks) {
    if (scene_.full) paragraph(visible(remark), 0, yellow());
  }
}

void Page::sources() {
  if (scene_.header.sources.empty()) return;
  heading("Sources");
  Columns table(2, {false, false, true, true, false});
  for (const SourceStat& s : scene_.header.sources) {
    table.row({visible(s.name), visible(s.kind),
               plural(static_cast<long long>(s.records), "record", "records"),
               fmt::format("{} rejected", count_text(s.rejected)),
               s.certified ? "certified" : "NOT CERTIFIED: nothing is done on its behalf"},
              s.certified ? "" : red(), s.certified ? "" : reset());
  }
  out_ += table.text(kWidth);
}

void Page::changes() {
  const bool run = scene_.run != nullptr;
  heading("Operations");
  if (tally_.operations == 0) {
    line(fmt::format("  None: {}", why_nothing(scene_)));
    return;
  }
  Columns table(2, {false, true, true, true, true, true});
  table.row(run ? std::vector<std::string>{"kind", "planned", "applied", "failed", "held", "other"}
                : std::vector<std::string>{"kind", "planned", "held"},
            dim(), reset());
  const auto cells = [&](const std::string& name, std::uint64_t total, std::uint64_t held,
                         const std::map<std::string, std::uint64_t>& states) {
    if (!run) {
      return std::vector<std::string>{name, count_text(total), held == 0 ? "" : count_text(held)};
    }
    std::uint64_t applied = 0, failed = 0, waiting = 0;
    for (const auto& [state, count] : states) {
      if (state == "applied") applied += count;
      if (state == "held") waiting += count;
      if (is_problem(state)) failed += count;
    }
    const auto shown_count = [](std::uint64_t n) { return n == 0 ? "" : count_text(n); };
    return std::vector<std::string>{name,
                                    count_text(total),
                                    shown_count(applied),
                                    shown_count(failed),
                                    shown_count(waiting),
                                    shown_count(total - applied - failed - waiting)};
  };
  for (const OperationKind kind : kinds_by_priority()) {
    const KindTally& counted = tally_.kinds[static_cast<std::size_t>(kind)];
    if (counted.total == 0) continue;
    table.row(cells(std::string(to_string(kind)), counted.total,
                    scene_.trailer.summary.held[static_cast<std::size_t>(kind)], counted.by_state));
  }
  table.row(cells("in all", tally_.operations, tally_.held, tally_.by_state), bold(), reset());
  out_ += table.text(kWidth) + "\n";
  std::vector<std::string> people;
  for (const auto& [reason, census] : tally_.by_reason) {
    people.push_back(visible(people_by(reason, census.count())));
  }
  const auto mails = static_cast<long long>(run ? tally_.mails : scene_.trailer.summary.mails);
  people.push_back(plural(mails, "mail", "mails"));
  paragraph(join(people, " · "), 2);
}

void Page::problems() {
  if (tally_.problems == 0) return;
  heading(fmt::format("Not done: {}",
                      plural(static_cast<long long>(tally_.problems), "operation", "operations")));
  for (const auto& [code, count] : tally_.problem_codes) {
    line(fmt::format("  {}  {}", visible(code), count_text(count)), red());
    std::size_t examples = 0;
    for (const Kept& kept : tally_.problem_rows) {
      if ((kept.code.empty() ? kept.state : kept.code) != code) continue;
      if (examples == scene_.style.sample && !scene_.style.all) break;
      ++examples;
      paragraph(fmt::format("{} {} {} {}", kept.op.id, to_string(kept.op.kind),
                            who(kept.op.subject), visible(kept.state)),
                4);
      if (scene_.full && !kept.message.empty()) paragraph(visible(kept.message), 8);
      if (!kept.request_id.empty()) line("        Okta request " + visible(kept.request_id), dim());
    }
    more(count - examples);
  }
}

void Page::fields_of(const Operation& op) {
  if (!scene_.full) {
    std::vector<std::string> names;
    for (const FieldChange& change : op.changes) names.push_back(visible(change.attribute));
    if (!names.empty()) paragraph(join(names, ", "), 6, dim());
    return;
  }
  const auto value = [](const FieldChange& change, const std::optional<std::string>& text) {
    return text ? visible(*shown(change, text)) : std::string("(none)");
  };
  if (op.kind == OperationKind::user_create) {
    std::string all;
    for (const FieldChange& change : op.changes) {
      if (change.attribute == "login") continue;  // stands beside the worker key
      all +=
          (all.empty() ? "" : " · ") + visible(change.attribute) + " " + value(change, change.to);
    }
    if (!all.empty()) line("      " + fit(all, kWidth - 6), dim());
    return;
  }
  Columns table(6, {false, false, false, false});
  for (std::size_t i = 0; i < std::min(op.changes.size(), kLinesPerUpdate); ++i) {
    const FieldChange& change = op.changes[i];
    table.row(
        {visible(change.attribute), value(change, change.from), "→", value(change, change.to)});
  }
  out_ += table.text(kWidth);
  if (op.changes.size() > kLinesPerUpdate) {
    line(fmt::format("      … {} more fields", op.changes.size() - kLinesPerUpdate), dim());
  }
}

void Page::sample_of(OperationKind kind, const KindTally& counted) {
  line(fmt::format("  {}  {}", to_string(kind), count_text(counted.total)), bold());
  Columns heads(2, {false, false, false, false, false});
  const auto is_held = [this](const Kept& kept) {
    return scene_.run == nullptr ? !kept.op.held_by.empty() : kept.state == "held";
  };
  for (const Kept& kept : counted.sample) {
    const Operation& op = kept.op;
    const bool login = scene_.full && !op.subject.login.empty();
    std::string why = visible(op.reason);
    if (scene_.full && !op.because.rule.empty()) why += " by " + visible(op.because.rule);
    if (is_held(kept)) why = "held by " + visible(limit_name(op.held_by, scene_.full));
    heads.row({std::string(1, is_held(kept) ? '!' : symbol_of(kind)),
               visible(op.subject.worker_key),
               visible(login ? op.subject.login : op.subject.user_id),
               visible(scene_.full ? op.object.name : op.object.id), why});
  }
  const std::string text = heads.text(kWidth);
  const auto lines = split(text, '\n');
  for (std::size_t i = 0; i < counted.sample.size(); ++i) {
    const Kept& kept = counted.sample[i];
    line(std::string(lines[i]), is_held(kept) ? yellow() : colour_of(kind));
    fields_of(kept.op);
  }
  if (counted.total > counted.sample.size()) {
    line(fmt::format("    … {} more", count_text(counted.total - counted.sample.size())), dim());
  }
}

void Page::samples() {
  if (scene_.run != nullptr || tally_.operations == 0 || scene_.style.sample == 0) return;
  heading(fmt::format("What would be done (the first {} of each kind)", scene_.style.sample));
  for (const OperationKind kind : kinds_by_priority()) {
    const KindTally& counted = tally_.kinds[static_cast<std::size_t>(kind)];
    if (counted.total > 0) sample_of(kind, counted);
  }
}

void Page::held() {
  if (tally_.held == 0) return;
  heading(
      fmt::format("Held by the guard: {} of {}", count_text(tally_.held),
                  plural(static_cast<long long>(tally_.operations), "operation", "operations")));
  for (const auto& [limit, group] : tally_.held_by) {
    std::string text = fmt::format("  {}  {} held", visible(limit), count_text(group.operations));
    const GuardLine* guard = guard_line(scene_, limit);
    if (guard != nullptr) {
      text += fmt::format(", {} planned, {} allowed of {}", count_text(guard->planned),
                          count_text(guard->allowed), count_text(guard->population));
    }
    line(text, yellow());
    if (group.since) line("    waiting since " + format_minute(*group.since));
    if (scene_.full && guard != nullptr && !guard->release.empty()) {
      paragraph("to release: " + visible(guard->release), 4);
    }
  }
}

void Page::findings() {
  const auto& all = scene_.trailer.findings;
  if (all.empty()) return;
  heading(fmt::format("Findings: {}", count_text(all.size())));
  const std::size_t examples = scene_.style.all ? all.size() : kFindingExamples;
  for (const FindingGroup& group : group_findings(all, examples)) {
    const bool error = group.severity == Severity::error;
    line(fmt::format("  {}  {}  {}", to_string(group.severity), visible(group.code),
                     count_text(group.count)),
         error ? red() : yellow());
    for (const Finding* one : group.first) {
      std::vector<std::string> parts;
      for (const std::string& part : {place_of(*one), one->worker_key, one->user_id,
                                      scene_.full ? one->message : std::string()}) {
        if (!part.empty()) parts.push_back(visible(part));
      }
      if (!parts.empty()) paragraph(join(parts, ": "), 4);
    }
    more(group.count - group.first.size());
  }
}

void Page::cannot_undo() {
  const auto all = lasting(scene_, tally_);
  if (all.empty()) return;
  const bool held = scene_.run == nullptr && tally_.held > 0;
  heading(held ? "What cannot be undone (without what is held)" : "What cannot be undone");
  Columns table(2, {false, true, false});
  for (const Lasting& one : all) {
    table.row({one.what, count_text(one.count), std::string(one.why)});
  }
  out_ += table.text(kWidth);
}

void Page::forecast() {
  const Forecast& f = scene_.trailer.forecast;
  if (scene_.run != nullptr) return;
  std::string text = fmt::format("Forecast: {}, {}",
                                 plural(static_cast<long long>(f.requests), "request", "requests"),
                                 forecast_of(f.minutes));
  if (const ForecastBucket* most = busiest(f)) {
    text += fmt::format("; busiest bucket {}: {} at {} a minute", visible(most->bucket),
                        count_text(most->requests), count_text(most->limit_per_minute));
  }
  paragraph(text, 0);
}

void Page::exits() {
  const auto& codes = scene_.notes.exit_codes;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const std::string text = fmt::format("{} {}", codes[i], exit_meaning(codes[i]));
    paragraph((i == 0 ? "Exit " : "also ") + text, i == 0 ? 0 : 5);
  }
}

void Page::ending() {
  out_ += "\n";
  forecast();
  if (!scene_.followed && !scene_.follows) exits();
  line("config   " + to_text(scene_.header.config), dim());
  line("plan_id  " + to_text(scene_.id));
}

}  // namespace

Result<void> write_text(const Parts& parts, ByteSink& sink) {
  for (const Part& part : parts) {
    const auto tally = take_tally(part.scene, *part.entries, 1);
    if (!tally) return tally.error();
    if (const auto wrote = sink.write(Page(part.scene, *tally).finish()); !wrote)
      return wrote.error();
  }
  if (parts.size() == 1) return ok();
  const Tally none;
  return sink.write(Page(parts.front().scene, none).end_of_command());
}

}  // namespace rollcall::report
