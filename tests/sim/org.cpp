#include "tests/sim/org.h"

#include <algorithm>

#include "service/base/text.h"

namespace rollcall::sim {

Org::Org(const OrgSettings& with)
    : settings(with), ids(with.seed), directory(with.index_lag_ms), company_name("Simulated org") {
  org_id = ids.object("00o");
  type_id = ids.object("oty");
  schema_id = "osc" + type_id.substr(3);
}

void keep_mail(Org& org, Mail mail) {
  constexpr std::size_t kKeptMails = 200'000;
  org.outbox.push_back(std::move(mail));
  if (org.outbox.size() > kKeptMails) org.outbox.pop_front();
}

const Token* Org::token(std::string_view secret) const {
  const auto found = std::find_if(tokens.begin(), tokens.end(),
                                  [&](const Token& token) { return token.secret == secret; });
  return found == tokens.end() ? nullptr : &*found;
}

std::string_view Call::param(std::string_view name, std::string_view otherwise) const {
  return target.parameter(name).value_or(otherwise);
}

bool Call::flag(std::string_view name, bool otherwise) const {
  const auto value = target.parameter(name);
  if (!value) return otherwise;
  return ascii_iequals(*value, "true");
}

}  // namespace rollcall::sim
