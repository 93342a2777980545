// The HR file of a rehearsal: the columns that the configuration reads, with invented people.
#include "service/app/okta_snapshot_internal.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

/// HR columns that say who somebody is: the key, what is matched by, and what an invented attribute
/// of the profile is made of. Status and dates never are.
std::vector<bool> telling_columns(const Settings& settings) {
  std::vector<bool> out(settings.hr_schema.size(), false);
  const auto mark = [&out](const std::vector<AttrId>& ids) {
    for (const AttrId id : ids) out[id] = true;
  };
  for (const MatchRule& rule : settings.users.match) mark(rule.hr.hr_attributes());
  for (const ProfileMapping& mapping : settings.users.profile) {
    const std::string& name = settings.user_schema.at(mapping.attribute).name;
    if (!is_kept_attribute(name)) mark(mapping.expression.hr_attributes());
  }
  const SourceSettings& source = settings.sources.front();
  for (const std::string* name :
       {&source.status_column, &source.hire_date, &source.termination_date}) {
    if (const auto id = settings.hr_schema.find(*name)) out[*id] = false;
  }
  if (const auto id = settings.hr_schema.find(source.key)) out[*id] = true;
  return out;
}

std::string quoted(const std::string& cell) {
  if (cell.find_first_of("\",;|\t\r\n") == std::string::npos) return cell;
  return "\"" + replace_all(cell, "\"", "\"\"") + "\"";
}

}  // namespace

PeopleSnapshot::PeopleSnapshot(const Settings& settings, Pseudonyms& people)
    : settings_(settings), people_(people), telling_(telling_columns(settings)) {}

void PeopleSnapshot::record(const SourceRecord& record) {
  std::vector<std::string>& row = rows_.emplace_back();
  for (std::size_t i = 0; i < telling_.size(); ++i) {
    const std::string_view text = record.attributes.text(static_cast<AttrId>(i));
    row.push_back(telling_[i] ? people_.of(text) : std::string(text));
  }
}

std::string PeopleSnapshot::text() const {
  const SourceSettings& source = settings_.sources.front();
  const std::string delimiter = source.delimiter.empty() ? "," : source.delimiter;
  std::vector<std::string> cells;
  for (std::size_t i = 0; i < telling_.size(); ++i) {
    const std::string& name = settings_.hr_schema.at(static_cast<AttrId>(i)).name;
    const auto header = source.columns.find(name);
    cells.push_back(quoted(header == source.columns.end() ? name : header->second));
  }
  std::string out = join(cells, delimiter) + "\n";
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      cells[i] = quoted(telling_[i] ? row[i] : people_.scrubbed(row[i]));
    }
    out += join(cells, delimiter) + "\n";
  }
  return out;
}

}  // namespace rollcall
