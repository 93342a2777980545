// The listing's flow: steps, chains, second tries, certification.
#include "connectors/okta/listing.h"

#include <algorithm>
#include <array>

#include "connectors/okta/codec.h"
#include "connectors/okta/reply_headers.h"
#include "connectors/okta/status_codes.h"

namespace rollcall {
namespace {

constexpr int kMostTries = 4;  // of one page
constexpr std::int64_t kFirstDelayMs = 500;
constexpr std::int64_t kLookBackMs = 60'000;
constexpr std::uint8_t kByIdPass = 255;

}  // namespace

Listing::Listing(const ScanScope& scope, DirectorySink& sink, std::string base_url,
                 WallTime started, PageSizes pages)
    : scope_(scope),
      sink_(sink),
      base_url_(std::move(base_url)),
      started_(started),
      pages_(pages),
      reader_(*scope.profile) {
  begin(scope.changed_since ? Step::closing : Step::basics);
}

void Listing::add(Read read, const OktaRequest& request, std::string subject) {
  const auto built = request.build();
  if (!built) {
    summary_.reasons.push_back(built.error());  // an id that no path can hold
    return;
  }
  Chain chain;
  chain.read = read;
  chain.first = chain.target = built->target;
  chain.subject = std::move(subject);
  chain.pass = read == Read::users || read == Read::closing ? next_pass_++ : kByIdPass;
  chains_.push_back(std::move(chain));
}

void Listing::add_user_chains() {
  auto cuts = scope_.chain_boundaries;
  cuts.resize(std::min(cuts.size(), kMostChains - 1));
  if (cuts.empty() && everyone_count_ >= pages_.chains_from) query_ = UserQuery::filter;
  const bool by_status = query_ == UserQuery::filter;
  for (const OktaRequest& first :
       by_status ? users_by_status(pages_) : users_by_created(cuts, pages_)) {
    add(Read::users, first);
  }
}

/// Who changed status between the reading of two chains by status shows here too, since a status
/// moves `lastUpdated` (FACTS 5.4). By the same index as the chains: another one may lag longer.
void Listing::add_closing() {
  closing_since_ = scope_.changed_since.value_or(first_date_.value_or(started_) + -kLookBackMs);
  if (!scope_.changed_since) anchor_ = principal_.user_id.empty() ? first_id_ : principal_.user_id;
  add(Read::closing, users_changed_since(closing_since_, anchor_, query_, pages_));
}

void Listing::add_unseen() {
  if (sees_nothing_ || went_blind_) return;  // not certified: no thousands of reads for nothing
  IdSet asked;
  const auto ask = [&](const std::string& id) {
    if (asked.mark(id, 1) == 0) add(Read::by_id, user_by_id(id), id);
  };
  if (scope_.links != nullptr) {
    for (const LinkView link : *scope_.links) {
      if (link.kind == Link::Kind::user && seen_.pass_of(link.okta_id) == 0) {
        ask(std::string(link.okta_id));
      }
    }
  }
  for (const std::string& id : unseen_) ask(id);
  unseen_ = {};
  if (!anchor_.empty() && !anchor_seen_) ask(anchor_);
}

void Listing::begin(Step step) {
  base_ += chains_.size();
  chains_.clear();
  first_open_ = 0;
  step_ = step;
  switch (step) {
    case Step::basics:
      add(Read::org, OktaRequest(Endpoint::get_org_settings));
      add(Read::me, OktaRequest(Endpoint::get_user, {"me"}));
      add(Read::schema, OktaRequest(Endpoint::get_user_schema, {"default"}));
      add(Read::assignees, admin_assignees(pages_));
      add(Read::groups, groups_list(pages_));
      add(Read::rules, rules_list(pages_));
      break;
    case Step::linked_groups: {
      IdSet shown;
      for (const Group& group : groups_) shown.mark(group.id, 1);
      if (scope_.links == nullptr) break;
      for (const LinkView link : *scope_.links) {
        if (link.kind == Link::Kind::group && shown.pass_of(link.okta_id) == 0) {
          add(Read::group_by_id, group_by_id(link.okta_id), std::string(link.okta_id));
        }
      }
      break;
    }
    case Step::written:
      for (const std::string& id : scope_.recently_written) add(Read::by_id, user_by_id(id), id);
      if (scope_.only_linked && !built_in_seen_ && !principal_.user_id.empty()) {
        // An administrator of some groups does not see Everyone (FACTS 6), but does see themselves.
        add(Read::sight, user_in_list(principal_.user_id, query_));
      }
      break;
    case Step::users:
      add_user_chains();
      break;
    case Step::closing:
      add_closing();
      break;
    case Step::everyone:
      if (!sees_nothing_ && !went_blind_ && seen_from_before_ < everyone_count_) {
        add(Read::everyone, members_of(everyone_id_, pages_), everyone_id_);
      }
      break;
    case Step::unseen:
      add_unseen();
      break;
    case Step::members:
      for (const std::string& id : wanted_groups_) add(Read::members, members_of(id, pages_), id);
      break;
    case Step::sight:
      if (!members_empty_ || sees_nothing_ || went_blind_) break;
      add(Read::sight,
          built_in_seen_ ? built_in_groups(pages_) : user_in_list(principal_.user_id, query_));
      break;
    case Step::end:
      certify();
      return;
  }
  if (chains_.empty()) step_ended();
}

std::vector<ListRequest> Listing::ready() {
  std::vector<ListRequest> out;
  if (done()) return out;
  while (first_open_ < chains_.size() && chains_[first_open_].ended) ++first_open_;
  for (std::size_t i = first_open_; i < chains_.size() && asked_ < most_asked(); ++i) {
    Chain& chain = chains_[i];
    if (chain.ended || chain.asked) continue;
    chain.asked = true;
    ++asked_;
    ListRequest request;
    request.token = base_ + i;
    request.request.method = "GET";
    request.request.target = chain.target;
    request.delay_ms = chain.delay_ms;
    chain.delay_ms = 0;
    static constexpr std::array<const char*, 14> kTerms{
        "org",   "org",     "identity", "schema", "protection", "groups",   "rules",
        "users", "closing", "by id",    "by id",  "members",    "everyone", "sight"};
    ++summary_.requests;
    ++summary_.requests_by_term[kTerms[static_cast<std::size_t>(chain.read)]];
    out.push_back(std::move(request));
  }
  return out;
}

void Listing::answered(std::uint64_t token, HttpExchange exchange) {
  if (done() || token < base_ || token - base_ >= chains_.size()) return;
  Chain& chain = chains_[token - base_];
  if (!chain.asked) return;
  chain.asked = false;
  --asked_;
  if (exchange.reply && exchange.reply->date) {
    first_date_ = std::min(first_date_.value_or(*exchange.reply->date), *exchange.reply->date);
  }
  if (exchange.reply && exchange.reply->status >= 200 && exchange.reply->status < 300) {
    page(chain, *exchange.reply);
  } else {
    refused(chain, exchange);
  }
  if (fatal_) return;
  while (first_open_ < chains_.size() && chains_[first_open_].ended) ++first_open_;
  if (asked_ == 0 && first_open_ == chains_.size()) step_ended();
}

void Listing::step_ended() {
  if (step_ == Step::basics) keep_basics();
  if (step_ == Step::linked_groups) basics_ended();
  if (step_ == Step::closing && !scope_.changed_since) users_ended();
  if (step_ == Step::written && scope_.only_linked) {
    sees_nothing_ = went_blind_ || (!built_in_seen_ && principal_.user_id.empty());
  }
  if (step_ != Step::end) begin(following());
}

Listing::Step Listing::following() const {
  if (step_ == Step::closing && scope_.changed_since) return Step::end;
  if (step_ == Step::written && scope_.only_linked) return Step::unseen;
  return static_cast<Step>(static_cast<int>(step_) + 1);
}

void Listing::keep_basics() {
  for (Chain& chain : chains_) {
    if (chain.read == Read::groups) groups_ = std::move(chain.groups);
    if (chain.read == Read::rules) rules_ = std::move(chain.rules);
  }
}

void Listing::basics_ended() {
  sink_.schema(schema_);
  sink_.principal(principal_);
  for (const std::string& id : protected_) sink_.protected_user(id);
  for (const Group& group : groups_) {
    if (group.type == GroupType::built_in) {
      built_in_seen_ = true;
      if (everyone_id_.empty() || group.user_count.value_or(0) > everyone_count_) {
        everyone_id_ = group.id;
        everyone_count_ = group.user_count.value_or(0);
      }
    }
    sink_.group(group);
  }
  summary_.groups = groups_.size();
  for (const GroupRule& rule : rules_) sink_.rule(rule);
  summary_.rules = rules_.size();
  for (const Group& group : groups_) {
    if (sink_.wants_members(group)) wanted_groups_.push_back(group.id);
  }
  groups_ = {};
  rules_ = {};
}

/// An under-privileged credential gets `200 []`: only a listing that shows the credential's own
/// owner, or the group that every org has, proves that it shows anybody. The closing chain asks for
/// the owner once more, so that it proves it for all chains before.
void Listing::users_ended() {
  if (principal_.user_id.empty()) {
    sees_nothing_ = !built_in_seen_;
  } else if (!anchor_seen_) {
    const std::uint8_t pass = seen_.pass_of(anchor_);
    (pass == 0 || pass == kByIdPass ? sees_nothing_ : went_blind_) = true;
  }
}

void Listing::again(Chain& chain, Error why, bool smaller) {
  if (++chain.tries >= kMostTries) {
    restart(chain, std::move(why));
    return;
  }
  if (smaller) halve_rows(chain.target, std::max(1, pages_.rows / 8));
  chain.delay_ms = kFirstDelayMs << (chain.tries - 1);
}

void Listing::restart(Chain& chain, Error why) {
  const bool whole = chain.target != chain.first || chain.read == Read::users;
  if (chain.restarts > 0 || !whole) {
    give_up(chain, std::move(why));
    return;
  }
  ++chain.restarts;
  chain.tries = 0;
  chain.delay_ms = kFirstDelayMs;
  chain.target = chain.first;
  chain.groups.clear();
  chain.rules.clear();
  chain.ids.clear();
  chain.known = IdSet();
  chain.doubted = false;
  chain.end_doubted = false;
  if (chain.read == Read::users || chain.read == Read::closing) chain.pass = next_pass_++;
}

/// Without these the org cannot be reached or will not have us; anything else only costs the
/// certificate.
void Listing::give_up(Chain& chain, Error why) {
  if (tolerated(chain, why)) return;
  const bool basic = chain.read == Read::org_public || chain.read == Read::schema;
  const int exit_code = info(why.code).exit;
  constexpr int kRefused = 6;
  const bool network = why.code == ErrorCode::http_unreachable ||
                       why.code == ErrorCode::http_lost || why.code == ErrorCode::tls_failed;
  if (network) {
    fatal_ = make_error(ErrorCode::org_unreachable, why.message, why.where);
  } else if (basic || exit_code == kRefused || why.cls == ErrorClass::config) {
    fatal_ = std::move(why);
  } else {
    chain.ended = true;
    summary_.reasons.push_back(std::move(why));
  }
}

/// Reads that may be refused without harm to the listing.
bool Listing::tolerated(Chain& chain, const Error& error) {
  if (error.code == ErrorCode::okta_credential_refused) return false;
  const bool refused =
      error.code == ErrorCode::okta_forbidden || error.code == ErrorCode::okta_scope_missing ||
      error.code == ErrorCode::okta_request_refused || error.code == ErrorCode::okta_user_gone;
  switch (chain.read) {
    case Read::org: {
      if (!refused) return false;
      // Needs no permission, and names the same id.
      chain.read = Read::org_public;
      chain.first = chain.target = row_of(Endpoint::get_wellknown_org_metadata).path;
      chain.tries = 0;
      return true;
    }
    case Read::me:
      chain.ended = refused;  // an OAuth app is no user
      return refused;
    case Read::assignees:
      chain.ended = true;
      protected_.clear();
      summary_.notes.push_back(make_error(ErrorCode::okta_protection_unread,
                                          "holders of admin roles could not be listed",
                                          chain.target));
      return true;
    case Read::everyone:
      if (!refused) return false;
      chain.ended = true;
      summary_.reasons.push_back(more_counted());
      return true;
    default:
      return false;
  }
}

void Listing::refused(Chain& chain, const HttpExchange& exchange) {
  Error error = read_failure(exchange, chain.target);
  if (!exchange.reply) {
    if (error.cls == ErrorClass::config) {
      give_up(chain, std::move(error));
    } else {
      again(chain, std::move(error), exchange.failure->sent == RequestSent::maybe);
    }
    return;
  }
  const int status = exchange.reply->status;
  if (status >= kServerError && error.code != ErrorCode::org_read_only) {
    // A list that times out on Okta's side shows as 500 (FACTS 3.6).
    again(chain, std::move(error), true);
    return;
  }
  if (chain.read == Read::by_id && status == kNotFound && error.code == ErrorCode::okta_user_gone) {
    chain.ended = true;  // settled: it is gone
    seen_.mark(chain.subject, kByIdPass);
    read_by_id_.mark(chain.subject, 1);
    return;
  }
  if (chain.read == Read::group_by_id && status == kNotFound) {
    chain.ended = true;  // settled: it is gone
    return;
  }
  if (chain.read == Read::members &&
      (error.code == ErrorCode::okta_user_gone || error.code == ErrorCode::okta_group_gone)) {
    chain.ended = true;  // the group was deleted meanwhile
    return;
  }
  if (status == kBadRequest && chain.target != chain.first) {
    restart(chain, std::move(error));  // a cursor that Okta no longer knows
    return;
  }
  if (status == kForbidden || status < kServerError) {
    give_up(chain, std::move(error));
    return;
  }
  again(chain, std::move(error), false);
}

bool Listing::short_page(const Chain& chain, std::size_t count) const {
  const auto rows = rows_asked(chain.target);
  return rows && count < static_cast<std::size_t>(*rows);
}

/// A full page without a next one may have lost its link, an empty one its rows. Neither is an
/// error: Okta does not say how it ends a list whose last page is full (FACTS 4).
bool Listing::doubtful_end(Chain& chain, std::size_t count) {
  if (chain.read != Read::groups && chain.read != Read::rules && chain.read != Read::users &&
      chain.read != Read::closing && chain.read != Read::members && chain.read != Read::everyone) {
    return false;
  }
  const bool full = rows_asked(chain.target) && !short_page(chain, count);
  const bool emptied = count == 0 && chain.target != chain.first;
  if (!full && !emptied) return false;
  if (chain.end_doubted) {
    ended_on_full_ = ended_on_full_ || (full && chain.read == Read::everyone);
    return false;
  }
  chain.end_doubted = true;
  ++chain.tries;
  chain.delay_ms = kFirstDelayMs;
  return true;
}

void Listing::page(Chain& chain, HttpReply& reply) {
  const auto next = next_page(reply, base_url_);
  if (!next) {
    give_up(chain, next.error());
    return;
  }
  const auto count = take(chain, reply.body);
  if (!count) {
    again(chain, count.error(), false);
    return;
  }
  if (!*next) {
    if (chain.read == Read::assignees || doubtful_end(chain, *count)) return;
    if (chain.read == Read::members && *count == 0) members_empty_ = true;
    last_page(chain);
    return;
  }
  if (short_page(chain, *count) && chain.read != Read::assignees) {
    // Only a last page may hold fewer than asked for: something was cut out of this one.
    Error error = make_error(ErrorCode::okta_page_incomplete,
                             "a page holds fewer than asked for and is not the last", chain.first);
    if (chain.tries + 1 < kMostTries) {
      ++chain.tries;
      chain.delay_ms = kFirstDelayMs;
      return;
    }
    summary_.reasons.push_back(std::move(error));
  }
  chain.tries = 0;
  chain.end_doubted = false;
  chain.target = **next;
  if (chain.read == Read::groups) keep_stats(chain.target);
}

void Listing::last_page(Chain& chain) {
  chain.ended = true;
  if (chain.read == Read::everyone) unseen_ = std::move(chain.ids);
  if (chain.read != Read::members) return;
  for (const std::string& id : chain.ids) sink_.member(chain.subject, id);
  summary_.members += chain.ids.size();
  chain.ids = {};
  chain.known = IdSet();
}

/// A `created` second for each account gives the cuts that make chains of equal length.
std::vector<WallTime> Listing::boundaries() {
  std::vector<WallTime> out;
  if (created_s_.size() < pages_.chains_from) return out;
  for (std::size_t i = 1; i < kMostChains; ++i) {
    const auto at =
        created_s_.begin() + static_cast<std::ptrdiff_t>(created_s_.size() * i / kMostChains);
    std::nth_element(created_s_.begin(), at, created_s_.end());
    const WallTime cut{static_cast<std::int64_t>(*at) * kSecondMs};
    if (out.empty() || out.back() < cut) out.push_back(cut);
  }
  return out;
}

Error Listing::more_counted() const {
  return make_error(ErrorCode::okta_page_incomplete,
                    "the org counts " + std::to_string(everyone_count_) +
                        " users, its lists show " + std::to_string(seen_from_before_),
                    std::string(row_of(Endpoint::list_users).path));
}

void Listing::certify() {
  if (sees_nothing_) {
    summary_.reasons.push_back(make_error(
        ErrorCode::okta_sees_nothing,
        principal_.user_id.empty() ? "the listing shows no built-in group"
                                   : "the listing does not show the credential's own owner"));
  } else if (went_blind_) {
    summary_.reasons.push_back(
        make_error(ErrorCode::okta_sees_nothing,
                   "the credential stopped seeing the org's users while they were read"));
  }
  // Deletions explain fewer users than were counted, unless the list of Everyone was cut off too.
  if (!scope_.only_linked && ended_on_full_ && seen_from_before_ < everyone_count_) {
    summary_.reasons.push_back(more_counted());
  }
  summary_.certified = summary_.reasons.empty();
  summary_.as_of = first_date_.value_or(started_);
  summary_.chain_boundaries = boundaries();
}

Result<ScanSummary> Listing::finish() {
  if (fatal_) return *fatal_;
  ROLLCALL_ASSERT(step_ == Step::end);
  return std::move(summary_);
}

}  // namespace rollcall
