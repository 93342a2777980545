// The listing's flow: steps, chains, second tries, certification.
#include "connectors/okta/listing.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "connectors/okta/codec.h"
#include "connectors/okta/reply_headers.h"
#include "connectors/okta/status_codes.h"

namespace rollcall {
namespace {

constexpr std::size_t kMostAsked = 16;  // requests out at once
constexpr int kMostTries = 4;           // of one page
constexpr std::int64_t kFirstDelayMs = 500;
constexpr std::int64_t kLookBackMs = 60'000;
constexpr int kSmallestPage = 25;
constexpr std::uint8_t kByIdPass = 255;
constexpr const char* kStats = "&expand=stats";

std::string search(const std::string& expression) {
  return "/api/v1/users?search=" + percent_encode(expression) + "&limit=200";
}

std::string quoted(WallTime t) { return "\"" + format_okta_time(t) + "\""; }

/// Position and value of the target's `limit`.
struct Limit {
  std::size_t at = 0, length = 0;
  int value = 0;
};
std::optional<Limit> limit_of(const std::string& target) {
  for (const char* name : {"?limit=", "&limit="}) {
    const std::size_t found = target.find(name);
    if (found == std::string::npos) continue;
    const std::size_t begin = found + 7;
    const std::size_t end = std::min(target.find('&', begin), target.size());
    Limit limit{begin, end - begin, 0};
    const auto read = std::from_chars(target.data() + begin, target.data() + end, limit.value);
    if (read.ec == std::errc()) return limit;
  }
  return std::nullopt;
}

void halve(std::string& target) {
  const auto limit = limit_of(target);
  if (!limit || limit->value <= kSmallestPage) return;
  target.replace(limit->at, limit->length, std::to_string(limit->value / 2));
}

}  // namespace

Listing::Listing(const ScanScope& scope, DirectorySink& sink, std::string base_url,
                 WallTime started)
    : scope_(scope),
      sink_(sink),
      base_url_(std::move(base_url)),
      started_(started),
      reader_(*scope.profile) {
  begin(scope.changed_since ? Step::closing : Step::basics);
}

void Listing::add(Read read, std::string target, std::string subject) {
  Chain chain;
  chain.read = read;
  chain.first = target;
  chain.target = std::move(target);
  chain.subject = std::move(subject);
  chain.pass = read == Read::users || read == Read::closing ? next_pass_++ : kByIdPass;
  chains_.push_back(std::move(chain));
}

void Listing::add_user_chains() {
  const auto& cuts = scope_.chain_boundaries;
  const std::size_t count = std::min(cuts.size(), kMostChains - 1);
  if (count == 0) {
    add(Read::users, search("created ge " + quoted(WallTime{0})));
    return;
  }
  add(Read::users, search("created lt " + quoted(cuts[0])));
  for (std::size_t i = 1; i < count; ++i) {
    add(Read::users,
        search("created ge " + quoted(cuts[i - 1]) + " and created lt " + quoted(cuts[i])));
  }
  add(Read::users, search("created ge " + quoted(cuts[count - 1])));
}

void Listing::begin(Step step) {
  base_ += chains_.size();
  chains_.clear();
  first_open_ = 0;
  step_ = step;
  switch (step) {
    case Step::basics:
      add(Read::org, "/api/v1/org");
      add(Read::me, "/api/v1/users/me");
      add(Read::schema, "/api/v1/meta/schemas/user/default");
      add(Read::assignees, "/api/v1/iam/assignees/users?limit=200");
      // The one list that tells which groups give admin rights; costly for Okta, so once a run.
      add(Read::groups, "/api/v1/groups?limit=200" + std::string(kStats));
      add(Read::rules, "/api/v1/groups/rules?limit=200");
      break;
    case Step::linked_groups: {
      IdSet shown;
      for (const Group& group : groups_) shown.mark(group.id, 1);
      if (scope_.links == nullptr) break;
      for (const LinkView link : *scope_.links) {
        if (link.kind == Link::Kind::group && shown.pass_of(link.okta_id) == 0) {
          const std::string id(link.okta_id);
          add(Read::group_by_id, "/api/v1/groups/" + percent_encode(id), id);
        }
      }
      break;
    }
    case Step::written:
      for (const std::string& id : scope_.recently_written) {
        add(Read::by_id, "/api/v1/users/" + percent_encode(id), id);
      }
      break;
    case Step::users:
      add_user_chains();
      break;
    case Step::closing: {
      const WallTime since =
          scope_.changed_since.value_or(first_date_.value_or(started_) + -kLookBackMs);
      add(Read::closing, search("lastUpdated ge " + quoted(since)));
      break;
    }
    case Step::linked:
      if (sees_nothing_) break;  // not certified anyway: no thousands of reads for nothing
      if (scope_.links == nullptr) break;
      for (const LinkView link : *scope_.links) {
        if (link.kind == Link::Kind::user && seen_.pass_of(link.okta_id) == 0) {
          const std::string id(link.okta_id);
          add(Read::by_id, "/api/v1/users/" + percent_encode(id), id);
        }
      }
      break;
    case Step::members:
      for (const std::string& id : wanted_groups_) {
        add(Read::members, "/api/v1/groups/" + percent_encode(id) + "/users?limit=1000", id);
      }
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
  for (std::size_t i = first_open_; i < chains_.size() && asked_ < kMostAsked; ++i) {
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
    static constexpr std::array<const char*, 12> kTerms{
        "org",   "org",   "identity", "schema", "protection", "groups",
        "rules", "users", "closing",  "by id",  "by id",      "members"};
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
  switch (step_) {
    case Step::basics:
      keep_basics();
      begin(Step::linked_groups);
      return;
    case Step::linked_groups:
      basics_ended();
      begin(Step::written);
      return;
    case Step::written:
      begin(Step::users);
      return;
    case Step::users:
      begin(Step::closing);
      return;
    case Step::closing:
      if (scope_.changed_since) {
        begin(Step::end);
        return;
      }
      users_ended();
      begin(Step::linked);
      return;
    case Step::linked:
      begin(Step::members);
      return;
    case Step::members:
      begin(Step::end);
      return;
    case Step::end:
      return;
  }
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
    built_in_seen_ = built_in_seen_ || group.type == GroupType::built_in;
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
/// owner, or the group that every org has, proves that it shows anybody.
void Listing::users_ended() {
  if (!principal_.user_id.empty()) {
    const std::uint8_t pass = seen_.pass_of(principal_.user_id);
    sees_nothing_ = pass == 0 || pass == kByIdPass;
  } else {
    sees_nothing_ = !built_in_seen_;
  }
}

void Listing::again(Chain& chain, Error why, bool smaller) {
  if (++chain.tries >= kMostTries) {
    restart(chain, std::move(why));
    return;
  }
  if (smaller) halve(chain.target);
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
      chain.first = chain.target = "/.well-known/okta-organization";
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
  const auto limit = limit_of(chain.target);
  return limit && count < static_cast<std::size_t>(limit->value);
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
    if (chain.read != Read::assignees) last_page(chain);
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
  chain.target = **next;
  // Next links of Okta have been seen to drop `expand` (sample 62).
  if (chain.read == Read::groups && chain.target.find(kStats) == std::string::npos) {
    chain.target += kStats;
  }
}

void Listing::last_page(Chain& chain) {
  chain.ended = true;
  if (chain.read != Read::members) return;
  for (const std::string& id : chain.ids) sink_.member(chain.subject, id);
  summary_.members += chain.ids.size();
  chain.ids = {};
  chain.known = IdSet();
}

/// A `created` second for each account gives the cuts that make chains of equal length.
std::vector<WallTime> Listing::boundaries() {
  std::vector<WallTime> out;
  if (created_s_.size() < kChainsFrom) return out;
  for (std::size_t i = 1; i < kMostChains; ++i) {
    const auto at =
        created_s_.begin() + static_cast<std::ptrdiff_t>(created_s_.size() * i / kMostChains);
    std::nth_element(created_s_.begin(), at, created_s_.end());
    const WallTime cut{static_cast<std::int64_t>(*at) * kSecondMs};
    if (out.empty() || out.back() < cut) out.push_back(cut);
  }
  return out;
}

void Listing::certify() {
  if (sees_nothing_) {
    summary_.reasons.push_back(make_error(
        ErrorCode::okta_sees_nothing,
        principal_.user_id.empty() ? "the listing shows no built-in group"
                                   : "the listing does not show the credential's own owner"));
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
