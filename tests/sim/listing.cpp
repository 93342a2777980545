#include "tests/sim/listing.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

namespace rollcall::sim {
namespace {

/// The query of a link: Okta re-encodes and re-orders it.
std::string query_of(const Call& call, std::size_t limit, const std::string& after) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [name, value] : call.target.query) {
    if (name != "limit" && name != "after") pairs.emplace_back(name, value);
  }
  pairs.emplace_back("limit", fmt::format("{}", limit));
  if (!after.empty()) pairs.emplace_back("after", after);
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [name, value] : pairs) {
    out += out.empty() ? '?' : '&';
    out += encode_query(name) + "=" + encode_query(value);
  }
  return out;
}

}  // namespace

std::string encode_query(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '*';
    if (plain) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

PageRequest page_request(const Call& call, std::size_t default_limit, std::size_t max_limit) {
  PageRequest page;
  page.skip = call.skip_rows;
  const std::string_view text = call.param("limit");
  std::size_t asked = 0;
  std::from_chars(text.data(), text.data() + text.size(), asked);
  page.limit = asked == 0 ? default_limit : std::min(asked, max_limit);
  page.most = call.half_page ? std::max<std::size_t>(page.limit / 2, 1) : page.limit;
  page.doubled = call.double_rows;
  const std::string_view cursor = call.param("after");
  if (!cursor.empty()) {
    page.after = cursor.substr(0, page.mark.size()) == page.mark
                     ? std::string(cursor.substr(page.mark.size()))
                     : std::string();
  }
  return page;
}

void PageBody::add(std::string_view id, const std::function<void(std::string&)>& render) {
  if (skip_ > 0) {
    --skip_;
    return;
  }
  if (rows_ == page_.most) {
    more_ = true;
    return;
  }
  for (int times = page_.doubled ? 2 : 1; times > 0; --times) {
    if (body_.size() > 1) body_ += ',';
    render(body_);
  }
  ++rows_;
  last_id_ = std::string(id);
}

SimReply PageBody::finish(const Call& call) {
  SimReply reply = json_reply(200, body_ + "]");
  const std::string url = call.base_url + call.target.path;
  const auto add_link = [&](const std::string& after, std::string_view rel) {
    reply.headers.emplace_back(
        "Link", fmt::format("<{}{}>; rel=\"{}\"", url, query_of(call, page_.limit, after), rel));
  };
  add_link(std::string(call.param("after")), "self");
  if (more_) add_link(page_.mark + last_id_, "next");
  return reply;
}

}  // namespace rollcall::sim
