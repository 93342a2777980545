// Reads the whole org: a state machine that says which requests to send and takes their replies.
// Pure but for the sink it fills; who sends, paces and waits is the caller's business.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "connectors/http/message.h"
#include "connectors/okta/endpoints.h"
#include "connectors/okta/id_set.h"
#include "connectors/okta/listing_requests.h"
#include "connectors/okta/page_reader.h"
#include "service/base/result.h"
#include "service/ports/directory.h"

namespace rollcall {

/// A request of the listing. `token` comes back with its reply.
struct ListRequest {
  std::uint64_t token = 0;
  HttpRequest request;
  std::int64_t delay_ms = 0;  // not before that long from now
};

/// The steps, each begun when the one before has ended:
/// 1. org id, own identity, schema, holders of admin roles, groups, group rules; then, by id,
/// linked
///    groups that the list does not show: it may lag behind their making;
/// 2. users written in the last minute, by id: an index may still show them as they were;
/// 3. users in chains, at most four at a time: disjoint ranges of `created` by the last certified
///    listing's boundaries; without any, one chain for each status if the org counts many users,
///    else one over all (decision 0240). A plain list would omit deactivated users;
/// 4. the closing chain, `lastUpdated` from a minute before the listing began. It also asks for one
///    user known to be there, which proves that the credential still sees the org;
/// 5. if the org counts more users than the chains showed, the ids that its Everyone group names;
/// 6. users that no chain showed, by id: linked ones and those of step 5;
/// 7. members of the groups that the sink wants; if one has none, a list that cannot be empty.
/// Step 1 gives the sink schema, principal, protected users, groups and rules in that order.
/// With ScanScope::only_linked steps 3 to 5 are left out, and the group that every org has proves
/// that the credential sees the org.
/// With ScanScope::changed_since there is one chain and nothing else: users by `lastUpdated`.
/// A page is asked for again (halved after a 5xx or a lost reply), then its chain starts again
/// once, then the listing is not certified and says why. Asked for again are also an end on a full
/// page (Okta need not give an empty one, but a lost link looks the same) and an empty page.
class Listing {
 public:
  /// `started` stands in for server time if no reply shows a Date.
  Listing(const ScanScope& scope, DirectorySink& sink, std::string base_url, WallTime started,
          PageSizes pages = {});

  /// Requests to send now; each is given once.
  std::vector<ListRequest> ready();
  void answered(std::uint64_t token, HttpExchange exchange);
  bool done() const { return step_ == Step::end || fatal_.has_value(); }
  /// Once done. Errors: okta.credential_refused, okta.forbidden, org.unknown, org.unreachable,
  /// org.read_only, tls.*.
  Result<ScanSummary> finish();

  static constexpr std::size_t kMostChains = 4;

 private:
  static constexpr std::size_t kMostAsked = 16;  // requests out at once
  enum class Step : std::uint8_t {
    basics,
    linked_groups,
    written,
    users,
    closing,
    everyone,
    unseen,
    members,
    sight,
    end
  };
  enum class Read : std::uint8_t {
    org,
    org_public,
    me,
    schema,
    assignees,
    groups,
    rules,
    users,
    closing,
    by_id,
    group_by_id,
    members,
    everyone,
    sight
  };
  struct Chain {
    Read read = Read::users;
    std::string first;    // target of its first page
    std::string target;   // of the page asked for now
    std::string subject;  // group or user id
    std::uint8_t pass = 0;
    int tries = 0;
    int restarts = 0;
    bool asked = false;
    bool ended = false;
    bool doubted = false;      // its last page held nobody new
    bool end_doubted = false;  // its end was asked for again
    std::int64_t delay_ms = 0;
    std::vector<Group> groups;
    std::vector<GroupRule> rules;
    std::vector<std::string> ids;
    IdSet known;
  };

  void begin(Step step);
  void add(Read read, const OktaRequest& request, std::string subject = {});
  void add_user_chains();
  void add_closing();
  void add_unseen();
  void step_ended();
  Step following() const;
  void keep_basics();
  void basics_ended();
  void users_ended();
  void again(Chain& chain, Error why, bool smaller);
  void restart(Chain& chain, Error why);
  void give_up(Chain& chain, Error why);
  void page(Chain& chain, HttpReply& reply);
  void last_page(Chain& chain);
  Result<std::size_t> take(Chain& chain, std::string& body);
  Result<std::size_t> take_by_id(Chain& chain, std::string& body);
  Result<std::size_t> take_users(Chain& chain, std::string& body);
  void refused(Chain& chain, const HttpExchange& exchange);
  bool tolerated(Chain& chain, const Error& error);
  void take_account(const AccountView& account, const Chain& chain, std::size_t& again);
  bool short_page(const Chain& chain, std::size_t count) const;
  bool doubtful_end(Chain& chain, std::size_t count);
  Result<std::size_t> take_ids(Chain& chain, std::string& body);
  std::size_t most_asked() const { return step_ == Step::users ? kMostChains : kMostAsked; }
  std::vector<WallTime> boundaries();
  Error more_counted() const;
  void certify();

  const ScanScope& scope_;
  DirectorySink& sink_;
  std::string base_url_;
  WallTime started_;
  PageSizes pages_;
  UserQuery query_ = UserQuery::search;
  PageReader reader_;
  Step step_ = Step::basics;
  std::deque<Chain> chains_;  // of this step; a token is a position plus the step's base
  std::uint64_t base_ = 0;
  std::size_t asked_ = 0;
  std::size_t first_open_ = 0;
  ScanSummary summary_;
  std::optional<Error> fatal_;
  std::optional<WallTime> first_date_;
  OrgSchema schema_;
  Principal principal_;
  std::vector<std::string> protected_;
  std::vector<Group> groups_;
  std::vector<GroupRule> rules_;
  std::vector<std::string> wanted_groups_;
  bool built_in_seen_ = false;
  bool sees_nothing_ = false;
  bool went_blind_ = false;     // saw the org at first and then no longer
  bool members_empty_ = false;  // of some group: what a blind credential is shown of any
  bool ended_on_full_ = false;  // the list of Everyone ended on a full page
  std::string everyone_id_;     // of the built-in group that counts most users
  std::uint64_t everyone_count_ = 0;
  std::uint64_t seen_from_before_ = 0;  // users created before the listing began
  WallTime closing_since_;
  std::string first_id_;  // of the first user that a chain showed
  std::string anchor_;    // the user that the closing chain must show
  bool anchor_seen_ = false;
  std::vector<std::string> unseen_;  // ids that Everyone names and no chain showed
  IdSet seen_;
  IdSet read_by_id_;  // also those found gone; seen_ forgets, it keeps the last pass only
  std::uint8_t next_pass_ = 1;
  std::vector<std::uint32_t> created_s_;
};

}  // namespace rollcall
