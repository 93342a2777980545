// The sections of the HTML page that list people and operations.
#include <fmt/core.h>

#include "service/base/text.h"
#include "service/report/html_internal.h"
#include "service/report/visible.h"

namespace rollcall::report {
namespace {

bool is_held(const Scene& scene, const Kept& kept) {
  return scene.run == nullptr ? !kept.op.held_by.empty() : kept.state == "held";
}

std::string value_html(const FieldChange& change, const std::optional<std::string>& value) {
  const auto text = shown(change, value);
  if (!text) return "<span class=\"soft\">(none)</span>";
  return "<bdi>" + html(*text) + "</bdi>";
}

std::string changes_html(const Scene& scene, const Operation& op) {
  std::string out;
  for (const FieldChange& change : op.changes) {
    out += fmt::format("<br><span class=\"sym\"></span><span class=\"soft\">{}</span>",
                       html(change.attribute));
    if (!scene.full) continue;
    if (change.from) {
      out += fmt::format(" <span class=\"was\">{}</span> →", value_html(change, change.from));
    }
    out += " " + value_html(change, change.to);
  }
  return out;
}

std::string_view css_of(char symbol) {
  return symbol == '-' ? "bad" : symbol == '+' ? "good" : "soft";
}

/// "add to the group dept-Fire".
std::string deed_html(const Scene& scene, const Operation& op) {
  std::string out(phrase_of(op.kind));
  const std::string& name = scene.full ? op.object.name : op.object.id;
  if (op.object.kind != ObjectRef::Kind::none) out += " <bdi><b>" + html(name) + "</b></bdi>";
  return out;
}

/// What is done to the person in one operation, with its hold or its end.
std::string line_html(const Scene& scene, const Kept& kept) {
  const Operation& op = kept.op;
  const char symbol = symbol_of(op.kind);
  std::string out = fmt::format("<li><span class=\"sym {}\">{}</span>{}", css_of(symbol),
                                symbol == '-' ? "−" : std::string(1, symbol), deed_html(scene, op));
  if (is_held(scene, kept)) {
    out += " " + hold_tag(scene, kept);
  } else if (!kept.state.empty() && kept.state != "applied") {
    out += fmt::format(" <span class=\"tag {}\">{}</span>", is_problem(kept.state) ? "bad" : "soft",
                       html(kept.state));
  }
  return out + changes_html(scene, op) + "</li>";
}

std::string why_html(const Scene& scene, const PersonRow& row) {
  std::string out = html(row.reason);
  const Because& because = row.lines.front().op.because;
  if (scene.full && !because.rule.empty()) {
    out += fmt::format("<br><code class=\"soft\">{}</code>", html(because.rule));
  }
  if (!because.source.empty()) {
    out += fmt::format("<br><span class=\"soft\">from {}</span>", html(because.source));
  }
  return out;
}

/// "3 people, 6 operations; 8 more are held"; without people, as groups have none, "6 operations".
std::string extent_of(const SideTally& side, bool people) {
  const auto count = [](std::uint64_t n, const char* one, const char* many) {
    return plural(static_cast<long long>(n), one, many);
  };
  const std::uint64_t persons = people ? side.people.count() : 0;
  if (side.operations == 0) {
    return "none; " + count(side.held, "operation is", "operations are") + " held";
  }
  std::string out = persons == 0 ? std::string() : count(persons, "person", "people") + ", ";
  out += count(side.operations, "operation", "operations");
  if (side.held > 0) out += "; " + count(side.held, "more is", "more are") + " held";
  return out;
}

std::string caption_of(const Scene& scene, const SideTally& side, Side which) {
  const bool run = scene.run != nullptr;
  switch (which) {
    case Side::loses:
      return fmt::format(
          "Who {} access, and why: {}. Ending Okta sessions does not end "
          "sessions inside apps.",
          run ? "lost" : "would lose", extent_of(side, true));
    case Side::gains:
      return fmt::format("Who {} access, and why: {}.", run ? "gained" : "would gain",
                         extent_of(side, true));
    case Side::changes:
      return fmt::format("Whose profile {}: {}.", run ? "changed" : "would change",
                         extent_of(side, true));
    case Side::ours:
      break;
  }
  return fmt::format("Links in the journal, and groups: {}.", extent_of(side, false));
}

std::string people_section(const Scene& scene, const SideTally& side, const std::string& caption) {
  if (side.operations + side.held == 0) return {};
  HtmlTable table(caption, {{"Who"}, {"What"}, {"Why"}});
  std::uint64_t shown_operations = 0;
  for (const PersonRow& row : side.rows) {
    std::string what = "<ul>";
    for (const Kept& kept : row.lines) what += line_html(scene, kept);
    if (row.more > 0) what += fmt::format("<li class=\"soft\">and {} more</li>", number(row.more));
    table.row({person_cell(scene, row.subject), what + "</ul>", why_html(scene, row)});
    shown_operations += row.lines.size() + row.more;
  }
  return table.finish() + more_note(side.operations + side.held - shown_operations, "operations");
}

}  // namespace

std::string side_section(const Scene& scene, const SideTally& side, Side which) {
  return people_section(scene, side, caption_of(scene, side, which));
}

std::string unreached_section(const Scene& scene, const Tally& tally) {
  return people_section(
      scene, tally.unreached,
      fmt::format("Neither done nor refused, the run did not come to it: {}. The next run looks "
                  "again.",
                  extent_of(tally.unreached, true)));
}

std::string held_section(const Scene& scene, const Tally& tally) {
  if (tally.held == 0) return {};
  std::string out;
  for (const auto& [limit, group] : tally.held_by) {
    const GuardLine* guard = guard_line(scene, limit);
    std::string caption =
        fmt::format("<b class=\"held\">{}</b>: {} held", html(limit), number(group.operations));
    if (guard != nullptr) {
      caption += fmt::format(", {} planned, {} allowed of {}", number(guard->planned),
                             number(guard->allowed), number(guard->population));
    }
    if (group.since) caption += "; waiting since " + format_minute(*group.since);
    if (scene.full && guard != nullptr && !guard->release.empty()) {
      caption += ". To release: " + html(guard->release);
    }
    HtmlTable table(caption, {{"Who"}, {"What is held"}, {"Since"}});
    std::uint64_t shown_operations = 0;
    for (const PersonRow& row : group.people.rows) {
      std::string what = "<ul>";
      for (const Kept& kept : row.lines) what += "<li>" + deed_html(scene, kept.op) + "</li>";
      if (row.more > 0) what += fmt::format("<li>and {} more</li>", number(row.more));
      const auto& since = row.lines.front().held_since;
      table.row({person_cell(scene, row.subject), what + "</ul>",
                 since ? format_minute(*since) : std::string("–")});
      shown_operations += row.lines.size() + row.more;
    }
    out += table.finish() + more_note(group.operations - shown_operations, "held operations");
  }
  return out;
}

std::string problem_section(const Scene& scene, const Tally& tally) {
  if (tally.problems == 0) return {};
  std::string codes;
  for (const auto& [code, count] : tally.problem_codes) {
    codes +=
        fmt::format("{}<code>{}</code> {}", codes.empty() ? "" : " · ", html(code), number(count));
  }
  HtmlTable table("What failed or met a changed world. " + codes,
                  {{"Who"}, {"What"}, {"State"}, {"Reason"}, {"Okta request"}});
  for (const Kept& kept : tally.problem_rows) {
    std::string reason = kept.code.empty() ? std::string() : "<code>" + html(kept.code) + "</code>";
    if (scene.full && !kept.message.empty()) {
      reason += (reason.empty() ? "" : "<br>") + html(kept.message);
    }
    table.row(
        {person_cell(scene, kept.op.subject), deed_html(scene, kept.op),
         "<span class=\"tag bad st\">" + html(kept.state) + "</span>", reason,
         kept.request_id.empty() ? std::string() : "<code>" + html(kept.request_id) + "</code>"});
  }
  return table.finish() + more_note(tally.problems - tally.problem_rows.size(), "operations");
}

std::string lasting_section(const Scene& scene, const Tally& tally) {
  const auto all = lasting(scene, tally);
  if (all.empty()) return {};
  std::string caption = scene.run == nullptr ? "What of this plan cannot be undone"
                                             : "What of this run cannot be undone";
  if (scene.run == nullptr && tally.held > 0) caption += "; what is held is not counted";
  HtmlTable table(caption, {{"What"}, {"How many", true}, {"Why"}});
  for (const Lasting& one : all) {
    table.row({"<code>" + html(one.what) + "</code>", number(one.count), std::string(one.why)});
  }
  return table.finish();
}

}  // namespace rollcall::report
