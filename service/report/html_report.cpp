// One self-contained HTML page: no requests, works without script, prints, light and dark.
#include <fmt/core.h>

#include <algorithm>

#include "service/base/digest.h"
#include "service/base/text.h"
#include "service/report/html_internal.h"
#include "service/report/visible.h"

namespace rollcall::report {
namespace {

/// Enough to see what happens to one person; the rest is counted.
constexpr std::size_t kLinesPerPerson = 12;

std::string base64_of(const Sha256& digest) {
  return base64({reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()});
}

std::string title_of(const Scene& scene) {
  if (scene.run == nullptr) return "Rollcall plan";
  return fmt::format("Rollcall run {}", scene.run->run_id);
}

/// The policy names the script by its hash: text that escaped its cell could still not run.
std::string open_page(const Scene& scene) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'; script-src 'sha256-{}'; base-uri 'none'; form-action "
      "'none'\">\n<title>{} · {} · {}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n",
      base64_of(sha256(page_script())), title_of(scene), html(scene.header.environment),
      format_minute(scene.header.as_of), page_style());
}

struct Section {
  std::string_view name, label;
  std::string body;
};

/// "held", in a later run of the command "run-43-held".
std::string anchor(const Scene& scene, std::string_view name) {
  if (!scene.follows) return std::string(name);
  return fmt::format("run-{}-{}", scene.run->run_id, name);
}

std::string navigation(const Scene& scene, const std::vector<Section>& sections) {
  std::string nav = "<nav aria-label=\"Sections\">";
  for (const Section& section : sections) {
    if (section.body.empty()) continue;
    nav += fmt::format("<a href=\"#{}\">{}</a>", anchor(scene, section.name), section.label);
  }
  return nav + "</nav>\n";
}

std::string part_of_page(const Scene& scene, const Tally& tally) {
  const auto side = [&](Side which) {
    return side_section(scene, tally.sides[static_cast<std::size_t>(which)], which);
  };
  const std::vector<Section> sections{
      {"problems", "Not done", problem_section(scene, tally)},
      {"held", "Held", held_section(scene, tally)},
      {"unreached", "Not reached", unreached_section(scene, tally)},
      {"loses", "Loses access", side(Side::loses)},
      {"gains", "Gains access", side(Side::gains)},
      {"changes", "Changed profiles", side(Side::changes)},
      {"ours", "Links and groups", side(Side::ours)},
      {"undo", "Cannot be undone", lasting_section(scene, tally)},
      {"guard", "Guard", guard_section(scene)},
      {"sources", "Sources", source_section(scene)},
      {"findings", "Findings", finding_section(scene)},
      {"forecast", "Forecast", forecast_section(scene)},
  };
  std::string out = head_section(scene) + tiles_section(scene, tally) + navigation(scene, sections);
  for (const Section& section : sections) {
    if (section.body.empty()) continue;
    const std::string id = anchor(scene, section.name);
    out += fmt::format("<section id=\"{}\" aria-labelledby=\"h-{}\">\n<h2 id=\"h-{}\">{}</h2>\n",
                       id, id, id, section.label);
    out += section.body + "</section>\n";
  }
  return out + fmt::format("<footer>Rollcall · {} · plan <span class=\"mono\">{}</span></footer>\n",
                           html(scene.header.org), to_text(scene.id));
}

/// Says at the head of the page that there is more below than the first run.
std::string later_runs(const Parts& parts) {
  std::string links;
  for (const Part& part : parts) {
    if (!part.scene.follows) continue;
    links += fmt::format("{}<a href=\"#run-{}\">run {}</a>", links.empty() ? "" : ", ",
                         part.scene.run->run_id, part.scene.run->run_id);
  }
  if (links.empty()) return {};
  return "<p class=\"note\">The same command went on with " + links +
         ", below on this page. The exit codes and who is not contained are those of all.</p>\n";
}

}  // namespace

Result<void> write_html(const Parts& parts, ByteSink& sink) {
  const Scene& first = parts.front().scene;
  std::string page = open_page(first) + alarm_section(first) + later_runs(parts);
  for (const Part& part : parts) {
    const auto tally = take_tally(part.scene, *part.entries, kLinesPerPerson);
    if (!tally) return tally.error();
    if (part.scene.follows) page += fmt::format("<hr id=\"run-{}\">\n", part.scene.run->run_id);
    page += part_of_page(part.scene, *tally);
  }
  page += fmt::format("</main>\n<script>{}</script>\n</body>\n</html>\n", page_script());
  return sink.write(page);
}

HtmlTable::HtmlTable(std::string_view caption, std::vector<Head> heads) : heads_(std::move(heads)) {
  out_ = fmt::format("<table role=\"table\">\n<caption>{}</caption>\n<thead><tr role=\"row\">",
                     caption);
  for (const Head& head : heads_) {
    out_ += fmt::format("<th role=\"columnheader\" scope=\"col\"{}>{}</th>",
                        head.number ? " class=\"n\"" : "", head.label);
  }
  out_ += "</tr></thead>\n<tbody>\n";
}

void HtmlTable::row(const std::vector<std::string>& cells) {
  out_ += "<tr role=\"row\">";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::string css = heads_[i].number ? "n" : "";
    if (cells[i].empty()) css += css.empty() ? "blank" : " blank";
    out_ += fmt::format("<td role=\"cell\" data-l=\"{}\"{}><div>{}</div></td>", heads_[i].label,
                        css.empty() ? "" : fmt::format(" class=\"{}\"", css), cells[i]);
  }
  out_ += "</tr>\n";
}

std::string HtmlTable::finish() { return out_ + "</tbody>\n</table>\n"; }

std::string number(std::uint64_t n) { return with_thousands(static_cast<long long>(n)); }

std::string more_note(std::uint64_t more, std::string_view what) {
  if (more == 0) return {};
  return fmt::format(
      "<p class=\"more\">And {} more {}: the JSON and CSV forms list every one.</p>\n",
      number(more), what);
}

std::string person_cell(const Scene& scene, const Subject& subject) {
  const bool login = scene.full && !subject.login.empty();
  const std::string& second = login ? subject.login : subject.user_id;
  std::string cell;
  if (!subject.worker_key.empty()) cell = "<bdi><b>" + html(subject.worker_key) + "</b></bdi>";
  if (!second.empty()) {
    cell += fmt::format("{}<bdi class=\"soft\">{}</bdi>", cell.empty() ? "" : "<br>", html(second));
  }
  return cell;
}

std::string hold_tag(const Scene& scene, const Kept& kept) {
  std::string tag = fmt::format(
      "<span class=\"tag held\">held by {}{}</span>", html(limit_name(kept.op.held_by, scene.full)),
      kept.held_since ? " since " + format_minute(*kept.held_since) : std::string());
  return tag;
}

}  // namespace rollcall::report
