#include "tests/bench/file_org.h"

#include <fstream>

#include "connectors/okta/id_set.h"
#include "connectors/okta/page_reader.h"
#include "tests/bench/made_org.h"

namespace rollcall::bench {

Result<ScanSummary> FileOrg::observe(const ScanScope& scope, DirectorySink& sink,
                                     std::stop_token /*stop*/) {
  OrgSchema schema;
  for (const std::string_view name : kAttributes) {
    OrgAttribute attribute;
    attribute.name = name;
    schema.attributes.push_back(std::move(attribute));
  }
  sink.schema(schema);
  sink.principal({});
  ScanSummary out;
  out.certified = true;
  out.org_id = "00obench";
  IdSet seen;
  PageReader reader(*scope.profile);
  std::ifstream in(pages_);
  std::string page;
  while (std::getline(in, page)) {
    const auto count = reader.users(page, [&](const AccountView& account) {
      if (seen.mark(account.id, 1) == 0) sink.account(account);
    });
    if (!count) return count.error();
    out.users += *count;
  }
  for (const LinkView link : *scope.links) {
    if (seen.pass_of(link.okta_id) == 0) out.certified = false;
  }
  return out;
}

}  // namespace rollcall::bench
