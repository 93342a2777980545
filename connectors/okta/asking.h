// Reads of the org outside of a listing: one object, or all pages of a list.
#pragma once

#include <cstddef>
#include <stop_token>
#include <string>
#include <vector>

#include "connectors/okta/client.h"
#include "connectors/okta/endpoints.h"
#include "service/base/json.h"
#include "service/base/result.h"

namespace rollcall {

/// Where a list ended early, the org may hold more.
struct AskedList {
  std::vector<Json> items;
  bool cut = false;
};

/// Asks through a client; repeats what failed on Okta's side or got lost, three times within two
/// seconds, since reads do no harm.
/// Blocks. Thread safe as the client is.
class OktaReader {
 public:
  /// `base_url` is what next links must point to. Both outlive the reader.
  OktaReader(OktaDirectory& okta, std::string base_url, std::stop_token stop)
      : okta_(okta), base_url_(std::move(base_url)), stop_(std::move(stop)) {}

  /// The reply, whatever its headers say. Errors: those of OktaDirectory::ask; okta.not_found;
  /// those of read_failure.
  Result<HttpReply> reply(const OktaRequest& request);
  /// One object. Errors: as `reply`; okta.page_unreadable.
  Result<Json> one(const OktaRequest& request);
  /// Page after page to the end, or to `most` items (0: all). Lists within an object (`value`) are
  /// read alike. Errors: as `one`; okta.foreign_link; okta.page_incomplete (pages in a circle).
  Result<AskedList> list(const OktaRequest& request, std::size_t most);

 private:
  Result<std::string> take_page(const OktaRequest& request, const HttpReply& reply,
                                std::vector<Json>& out) const;

  OktaDirectory& okta_;
  std::string base_url_;
  std::stop_token stop_;
};

}  // namespace rollcall
