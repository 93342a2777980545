// Private to service/report: building blocks of the HTML page.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "service/report/tally_internal.h"

namespace rollcall::report {

std::string_view page_style();
std::string_view page_script();

/// A table with caption and roles (on narrow screens rows become blocks, which would otherwise lose
/// them). Cells are finished HTML; an empty one is left out on narrow screens.
class HtmlTable {
 public:
  struct Head {
    std::string_view label;
    bool number = false;
  };
  HtmlTable(std::string_view caption, std::vector<Head> heads);
  void row(const std::vector<std::string>& cells);
  std::string finish();

 private:
  std::vector<Head> heads_;
  std::string out_;
};

/// "12,345".
std::string number(std::uint64_t n);
/// The sections of the page, each finished HTML or empty.
std::string head_section(const Scene& scene);
std::string alarm_section(const Scene& scene);
std::string tiles_section(const Scene& scene, const Tally& tally);
std::string side_section(const Scene& scene, const SideTally& side, Side which);
std::string held_section(const Scene& scene, const Tally& tally);
std::string unreached_section(const Scene& scene, const Tally& tally);
std::string problem_section(const Scene& scene, const Tally& tally);
std::string guard_section(const Scene& scene);
std::string source_section(const Scene& scene);
std::string finding_section(const Scene& scene);
std::string lasting_section(const Scene& scene, const Tally& tally);
std::string forecast_section(const Scene& scene);
/// "and 1,034 more …" in words that say where the rest is; empty for 0.
std::string more_note(std::uint64_t more, std::string_view what);
/// Worker key, and login or id, as HTML.
std::string person_cell(const Scene& scene, const Subject& subject);
/// "label" for a hold with its time.
std::string hold_tag(const Scene& scene, const Kept& kept);

}  // namespace rollcall::report
