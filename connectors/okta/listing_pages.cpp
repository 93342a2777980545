// What a listing does with the content of a page.
#include <algorithm>

#include "connectors/okta/listing.h"
#include "connectors/okta/reply_headers.h"

namespace rollcall {
namespace {

/// A page asked for twice adds nothing the second time.
template <class T>
std::size_t append(std::vector<T>& to, IdSet& known, std::vector<T> from) {
  const std::size_t shown = from.size();
  for (T& item : from) {
    if (known.mark(item.id, 1) == 0) to.push_back(std::move(item));
  }
  return shown;
}

}  // namespace

void Listing::take_account(const AccountView& account, const Chain& chain, std::size_t& again) {
  if (chain.read == Read::by_id) read_by_id_.mark(account.id, 1);
  if (chain.read == Read::users && first_id_.empty()) first_id_ = account.id;
  const bool is_anchor = chain.read == Read::closing && account.id == anchor_;
  anchor_seen_ = anchor_seen_ || is_anchor;
  const std::uint8_t before = seen_.mark(account.id, chain.pass);
  if (before == 0) {
    sink_.account(account);
    ++summary_.users;
    if (account.created <= first_date_.value_or(started_)) ++seen_from_before_;
    created_s_.push_back(
        static_cast<std::uint32_t>(std::max<std::int64_t>(0, account.created.ms / kSecondMs)));
    return;
  }
  if (before == chain.pass) ++again;
  // The index cannot know better than a read by id, whichever chains showed the user since.
  const bool known_by_id = read_by_id_.pass_of(account.id) != 0;
  const bool changed = !is_anchor || closing_since_ <= account.last_updated;
  if (chain.read == Read::closing && changed && !known_by_id && before != chain.pass) {
    sink_.account_again(account);
  }
}

Result<std::size_t> Listing::take_users(Chain& chain, std::string& body) {
  std::size_t again = 0;
  auto count =
      reader_.users(body, [&](const AccountView& account) { take_account(account, chain, again); });
  // A page that shows nobody new stands where another should: the same page came twice.
  const bool nobody_new = count && *count > 0 && again == *count;
  const bool asked_again = chain.tries > 0 && !chain.doubted;  // then it was seen before, of course
  chain.doubted = nobody_new && !asked_again;
  if (chain.doubted) {
    return make_error(ErrorCode::okta_page_incomplete, "the same page came twice", chain.first);
  }
  return count;
}

Result<std::size_t> Listing::take_by_id(Chain& chain, std::string& body) {
  std::size_t again = 0;
  const auto read =
      reader_.user(body, [&](const AccountView& account) { take_account(account, chain, again); });
  if (!read) return read.error();
  // It exists, and yet the closing chain does not show it.
  if (step_ == Step::unseen && chain.subject == anchor_ && !anchor_seen_) went_blind_ = true;
  return std::size_t{1};
}

Result<std::size_t> Listing::take(Chain& chain, std::string& body) {
  switch (chain.read) {
    case Read::org:
    case Read::org_public: {
      auto id = read_org_id(body);
      if (!id) return id.error();
      summary_.org_id = std::move(*id);
      return std::size_t{1};
    }
    case Read::me: {
      auto principal = read_principal(body);
      if (!principal) return principal.error();
      principal_ = std::move(*principal);
      return std::size_t{1};
    }
    case Read::schema: {
      auto schema = read_schema(body);
      if (!schema) return schema.error();
      schema_ = std::move(*schema);
      return std::size_t{1};
    }
    case Read::assignees: {
      auto found = read_assignees(body);
      if (!found) return found.error();
      for (std::string& id : found->user_ids) protected_.push_back(std::move(id));
      HttpReply linked;
      linked.headers.emplace_back("Link", "<" + found->next_url + ">; rel=\"next\"");
      const auto next = next_page(linked, base_url_);
      chain.ended = found->next_url.empty() || !next || !*next;
      if (!chain.ended) chain.target = **next;
      return found->user_ids.size();
    }
    case Read::groups: {
      auto groups = read_groups(body);
      if (!groups) return groups.error();
      return append(chain.groups, chain.known, std::move(*groups));
    }
    case Read::rules: {
      auto rules = read_rules(body);
      if (!rules) return rules.error();
      return append(chain.rules, chain.known, std::move(*rules));
    }
    case Read::users:
    case Read::closing:
      return take_users(chain, body);
    case Read::by_id:
      return take_by_id(chain, body);
    case Read::group_by_id: {
      auto groups = read_groups("[" + body + "]");
      if (!groups) return groups.error();
      for (Group& group : *groups) groups_.push_back(std::move(group));
      return std::size_t{1};
    }
    case Read::sight: {
      const auto ids = reader_.ids(body);
      if (!ids) return ids.error();
      went_blind_ = went_blind_ || ids->empty();
      return ids->size();
    }
    case Read::members:
    case Read::everyone:
      break;
  }
  return take_ids(chain, body);
}

Result<std::size_t> Listing::take_ids(Chain& chain, std::string& body) {
  auto ids = reader_.ids(body);
  if (!ids) return ids.error();
  for (std::string& id : *ids) {
    const bool wanted = chain.read == Read::members || seen_.pass_of(id) == 0;
    if (wanted && chain.known.mark(id, 1) == 0) chain.ids.push_back(std::move(id));
  }
  return ids->size();
}

}  // namespace rollcall
