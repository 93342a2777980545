// The sections of the HTML page that state facts: identity, alarm, counts, guard, sources,
// findings.
#include <fmt/core.h>

#include <algorithm>

#include "service/base/text.h"
#include "service/report/html_internal.h"
#include "service/report/visible.h"

namespace rollcall::report {
namespace {

std::string fact(std::string_view label, const std::string& value) {
  return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", label, value);
}

std::string exits_html(const std::vector<int>& codes) {
  std::string out;
  for (const int code : codes) {
    out += fmt::format("{}<b>{}</b> {}", out.empty() ? "" : "<br>", code, exit_meaning(code));
  }
  return out;
}

std::string tile(std::uint64_t count, const std::string& label, std::string_view css = {}) {
  return fmt::format("<div class=\"tile {}\"><b>{}</b><span>{}</span></div>", css, number(count),
                     label);
}

/// The reason as the name of a number: "joiners", whatever the number is.
std::string reason_label(const std::string& reason) {
  const std::string text = people_by(reason, 2);
  return html(text.substr(text.find(' ') + 1));
}

/// Planned against allowed, as a bar whose tick is the limit.
std::string bar(const GuardLine& line) {
  const std::uint64_t full = std::max<std::uint64_t>({line.planned, line.allowed, 1});
  const auto percent = [full](std::uint64_t n) {
    return 100.0 * static_cast<double>(n) / static_cast<double>(full);
  };
  return fmt::format(
      "<span class=\"bar\" role=\"img\" aria-label=\"{} of {} allowed\"><i{} "
      "style=\"width:{:.1f}%\"></i><b style=\"left:{:.1f}%\"></b></span>",
      number(line.planned), number(line.allowed),
      line.planned > line.allowed ? " class=\"over\"" : "", percent(line.planned),
      std::clamp(percent(line.allowed), 0.7, 99.0));
}

}  // namespace

std::string head_section(const Scene& scene) {
  const PlanHeader& h = scene.header;
  std::string out;
  if (scene.run == nullptr) {
    out += "<h1>Plan";
  } else {
    out += fmt::format("<h1>Run {} · {}", scene.run->run_id, html(scene.run->verb));
  }
  out += fmt::format(" <span class=\"env\">{}</span></h1>\n<p class=\"soft\">{}</p>\n",
                     html(h.environment),
                     scene.run == nullptr ? "A dry run: nothing has been changed."
                                          : "What a finished run did, from the journal.");
  if (scene.full) {
    for (const std::string& remark : scene.notes.remarks) {
      out += "<p class=\"note\">" + html(remark) + "</p>\n";
    }
  }
  out += "<dl class=\"facts\">" + fact("Org", html(h.org)) + fact("As of", format_minute(h.as_of));
  if (const RunReport* run = scene.run) {
    out += fact("State", html(run->state)) + fact("Began", format_minute(run->started_at));
    if (run->ended_at) out += fact("Took", duration_of(*run->ended_at - run->started_at));
  } else {
    out += fact("Made", format_minute(h.created_at)) +
           fact("Valid until", format_minute(h.expires_at));
    out += fact("Sealed", h.sealed ? "in the journal; it can be applied"
                                   : "<span class=\"held\">no: it cannot be applied</span>");
  }
  if (!scene.notes.exit_codes.empty() && !scene.follows)
    out += fact("Exit", exits_html(scene.notes.exit_codes));
  out += fact("Configuration", "<code>" + to_text(h.config) + "</code>");
  return out + fact("Plan", "<code>" + to_text(scene.id) + "</code>") + "</dl>\n";
}

std::string alarm_section(const Scene& scene) {
  const auto& all = scene.notes.not_contained;
  if (all.empty()) return {};
  HtmlTable table("These people can still get in. They are never tolerated by an exit code.",
                  {{"Who"}, {"Since"}, {"Code"}, {"Why"}});
  for (const NotContained& one : all) {
    table.row({person_cell(scene, {one.worker_key, one.user_id, one.login}),
               one.since ? format_minute(*one.since) : std::string("–"),
               html(limit_name(one.code, scene.full)), scene.full ? html(one.why) : std::string()});
  }
  return fmt::format(
             "<section class=\"alarm\" role=\"alert\">\n<h2>NOT CONTAINED: {} who should be out "
             "{} not</h2>\n",
             plural(static_cast<long long>(all.size()), "person", "people"),
             all.size() == 1 ? "is" : "are") +
         table.finish() + "</section>\n";
}

std::string tiles_section(const Scene& scene, const Tally& tally) {
  std::string out = "<div class=\"tiles\">";
  out += tile(tally.operations, tally.operations == 1 ? "operation" : "operations");
  if (scene.run != nullptr) out += tile(tally.in_state("applied"), "applied");
  for (const auto& [reason, census] : tally.by_reason) {
    out += tile(census.count(), reason_label(reason));
  }
  out += tile(tally.held, "held", tally.held > 0 ? "held" : "");
  if (scene.run != nullptr)
    out += tile(tally.problems, "not done", tally.problems > 0 ? "bad" : "");
  out += tile(scene.trailer.findings.size(), "findings");
  if (scene.run == nullptr) out += tile(scene.trailer.forecast.requests, "requests");
  out += tile(scene.run == nullptr ? scene.trailer.summary.mails : tally.mails, "mails");
  out += "</div>\n";
  if (tally.operations == 0) out += fmt::format("<p>Nothing to do: {}</p>\n", why_nothing(scene));
  return out;
}

std::string guard_section(const Scene& scene) {
  if (scene.trailer.guard.empty()) return {};
  HtmlTable table("What the plan asks against what the guard allows; the mark is the limit.",
                  {{"Limit"},
                   {"Planned", true},
                   {"Allowed", true},
                   {"Population", true},
                   {"Planned against allowed"},
                   {"Verdict"}});
  for (const GuardLine& line : scene.trailer.guard) {
    std::string verdict = line.held ? "<span class=\"tag held\">held</span>" : "allowed";
    if (scene.full && !line.release.empty()) verdict += "<br>To release: " + html(line.release);
    table.row({html(limit_name(line.limit, scene.full)), number(line.planned), number(line.allowed),
               number(line.population), bar(line), verdict});
  }
  return table.finish();
}

std::string source_section(const Scene& scene) {
  if (scene.header.sources.empty()) return {};
  HtmlTable table("What was read from HR. A source that is not certified contributes nothing.",
                  {{"Source"}, {"Kind"}, {"Records", true}, {"Rejected", true}, {"Certified"}});
  for (const SourceStat& s : scene.header.sources) {
    table.row({html(s.name), html(s.kind), number(s.records), number(s.rejected),
               s.certified ? "<span class=\"good\">yes</span>"
                           : "<span class=\"tag bad\">no: nothing is done on its behalf</span>"});
  }
  return table.finish();
}

namespace {

std::string finding_html(const Scene& scene, const Finding& finding) {
  std::vector<std::string> parts;
  for (const std::string& part : {place_of(finding), finding.worker_key, finding.user_id,
                                  scene.full ? finding.message : std::string()}) {
    if (!part.empty()) parts.push_back("<bdi>" + html(part) + "</bdi>");
  }
  return parts.empty() ? std::string() : "<li>" + join(parts, ": ") + "</li>";
}

/// The first few openly, the others behind a click.
std::string findings_of(const Scene& scene, const FindingGroup& group) {
  constexpr std::size_t kOpen = 5;
  std::string open, folded;
  for (std::size_t i = 0; i < group.first.size(); ++i) {
    (i < kOpen ? open : folded) += finding_html(scene, *group.first[i]);
  }
  std::string out = "<ul>" + open + "</ul>";
  if (!folded.empty()) {
    out += fmt::format("<details><summary>{} more</summary><ul>{}</ul></details>",
                       number(group.first.size() - kOpen), folded);
  }
  return out + more_note(group.count - group.first.size(), "findings");
}

}  // namespace

std::string finding_section(const Scene& scene) {
  const auto& all = scene.trailer.findings;
  if (all.empty()) return {};
  HtmlTable table(fmt::format("{}, by code.",
                              plural(static_cast<long long>(all.size()), "finding", "findings")),
                  {{"Code"}, {"Severity"}, {"How many", true}, {"Where and what"}});
  for (const FindingGroup& group : group_findings(all, scene.style.rows)) {
    const std::string_view css = group.severity == Severity::error     ? "bad"
                                 : group.severity == Severity::warning ? "held"
                                                                       : "soft";
    table.row({"<code>" + html(group.code) + "</code>",
               fmt::format("<span class=\"tag {} st\">{}</span>", css, to_string(group.severity)),
               number(group.count), findings_of(scene, group)});
  }
  return table.finish();
}

std::string forecast_section(const Scene& scene) {
  const Forecast& f = scene.trailer.forecast;
  if (f.buckets.empty()) return {};
  HtmlTable table(fmt::format("Applying {} {}, {}.",
                              scene.run == nullptr ? "would take" : "was forecast to take",
                              plural(static_cast<long long>(f.requests), "request", "requests"),
                              forecast_of(f.minutes)),
                  {{"Rate-limit bucket"}, {"Requests", true}, {"A minute", true}});
  const ForecastBucket* most = busiest(f);
  for (const ForecastBucket& bucket : f.buckets) {
    table.row({"<code>" + html(bucket.bucket) + "</code>" +
                   (&bucket == most ? " <span class=\"tag soft\">busiest</span>" : ""),
               number(bucket.requests), number(bucket.limit_per_minute)});
  }
  return table.finish();
}

}  // namespace rollcall::report
