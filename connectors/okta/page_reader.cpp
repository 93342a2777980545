// Users and members by simdjson's DOM: unlike its on-demand parser it picks the machine's best
// instructions at run time, and it checks the whole page before anything is taken from it.
#include "connectors/okta/page_reader.h"

#include <simdjson.h>

#include "service/base/json.h"

namespace rollcall {

namespace dom = simdjson::dom;

struct PageReader::State {
  explicit State(const AttrSchema& schema) : profile(schema), record(schema.size()) {}

  const AttrSchema& profile;
  Record record;
  dom::parser parser;

  struct Known {
    std::string name;
    std::optional<AttrId> id;
  };
  std::vector<Known> order;  // of attributes, as first shown
  std::size_t position = 0;  // in it

  std::optional<AttrId> attribute(std::string_view name);
  Result<dom::element> parse(std::string& body);
  bool read_user(const dom::element& element, const AccountTaker& take);
  void read_profile(const dom::element& element, AccountView& account);
  void set_value(AttrId id, const dom::element& value);
};

namespace {

Error unreadable(std::string_view why) {
  return make_error(ErrorCode::okta_page_unreadable, "a page does not parse: " + std::string(why));
}

/// null and anything that is no text read as empty.
std::string_view text_of(const dom::element& value) {
  std::string_view out;
  if (value.get(out) != simdjson::SUCCESS) return {};
  return out;
}

WallTime time_of(const dom::element& value) {
  const std::string_view text = text_of(value);
  if (text.empty()) return {};
  const auto parsed = parse_rfc3339(text);
  return parsed ? *parsed : WallTime{};
}

}  // namespace

/// Simdjson reads past the end: the padding must be there, its content does not matter.
Result<dom::element> PageReader::State::parse(std::string& body) {
  body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
  dom::element document;
  const auto error = parser.parse(body.data(), body.size(), false).get(document);
  if (error != simdjson::SUCCESS) return unreadable(simdjson::error_message(error));
  return document;
}

void PageReader::State::set_value(AttrId id, const dom::element& value) {
  switch (value.type()) {
    case dom::element_type::STRING: {
      const std::string_view held = text_of(value);
      if (!held.empty()) record.set(id, held);
      return;
    }
    case dom::element_type::ARRAY:
    case dom::element_type::OBJECT: {
      const auto parsed = parse_json(simdjson::minify(value));
      // An empty list is no value either.
      if (!parsed || (parsed->is_array() && parsed->items().empty())) return;
      record.set(id, parsed->dump());
      return;
    }
    case dom::element_type::BOOL: {
      bool held = false;
      if (value.get(held) == simdjson::SUCCESS) record.set(id, held ? "true" : "false");
      return;
    }
    case dom::element_type::INT64:
    case dom::element_type::UINT64:
    case dom::element_type::DOUBLE: {
      const auto parsed = parse_json(simdjson::minify(value));
      if (parsed) record.set(id, parsed->dump());
      return;
    }
    case dom::element_type::NULL_VALUE:
      return;
  }
}

std::optional<AttrId> PageReader::State::attribute(std::string_view name) {
  // Okta shows every user's attributes in one order: what followed before follows again.
  if (position == order.size() || order[position].name != name) {
    position = 0;
    while (position < order.size() && order[position].name != name) ++position;
    if (position == order.size()) order.push_back({std::string(name), profile.find(name)});
  }
  return order[position++].id;
}

void PageReader::State::read_profile(const dom::element& element, AccountView& account) {
  dom::object fields;
  if (element.get(fields) != simdjson::SUCCESS) return;
  for (const auto& [key, value] : fields) {
    if (key == "login") account.login = text_of(value);
    if (const auto id = attribute(key)) set_value(*id, value);
  }
}

/// False for anything that is not a user.
bool PageReader::State::read_user(const dom::element& element, const AccountTaker& take) {
  dom::object fields;
  if (element.get(fields) != simdjson::SUCCESS) return false;
  AccountView account;
  // A list shows whole profiles: what it does not show is empty.
  record.clear();
  for (AttrId id = 0; id < profile.size(); ++id) record.set_cleared(id);
  for (const auto& [key, value] : fields) {
    if (key == "id") {
      account.id = text_of(value);
    } else if (key == "status") {
      account.status = account_status(text_of(value));
    } else if (key == "transitioningToStatus") {
      if (!text_of(value).empty()) account.transitioning_to = account_status(text_of(value));
    } else if (key == "created") {
      account.created = time_of(value);
    } else if (key == "activated") {
      account.activated = time_of(value);
    } else if (key == "statusChanged") {
      account.status_changed = time_of(value);
    } else if (key == "lastUpdated") {
      account.last_updated = time_of(value);
    } else if (key == "profile") {
      read_profile(value, account);
    }
  }
  if (account.id.empty()) return false;
  account.profile = record.view();
  take(account);
  return true;
}

PageReader::PageReader(const AttrSchema& profile) : state_(std::make_unique<State>(profile)) {}
PageReader::~PageReader() = default;

Result<std::size_t> PageReader::users(std::string& body, const AccountTaker& take) {
  const auto document = state_->parse(body);
  if (!document) return document.error();
  dom::array list;
  if (document->get(list) != simdjson::SUCCESS) return unreadable("not a list");
  std::size_t count = 0;
  for (const dom::element element : list) {
    if (!state_->read_user(element, take)) return unreadable("an element is no user");
    ++count;
  }
  return count;
}

Result<void> PageReader::user(std::string& body, const AccountTaker& take) {
  const auto document = state_->parse(body);
  if (!document) return document.error();
  if (!state_->read_user(*document, take)) return unreadable("not a user");
  return ok();
}

Result<std::vector<std::string>> PageReader::ids(std::string& body) {
  const auto document = state_->parse(body);
  if (!document) return document.error();
  dom::array list;
  if (document->get(list) != simdjson::SUCCESS) return unreadable("not a list");
  std::vector<std::string> out;
  for (const dom::element element : list) {
    std::string_view id;
    if (element["id"].get(id) != simdjson::SUCCESS || id.empty()) {
      return unreadable("an element without id");
    }
    out.emplace_back(id);
  }
  return out;
}

}  // namespace rollcall
