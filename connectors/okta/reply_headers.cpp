// Reading of rate-limit and Link headers.
#include "connectors/okta/reply_headers.h"

#include <charconv>
#include <vector>

#include "service/base/text.h"

namespace rollcall {
namespace {

/// No limit and no instant in seconds is as large; what is counts as unreadable, and may be
/// multiplied nowhere.
constexpr std::int64_t kLargestNumber = 1'000'000'000'000;

std::vector<std::int64_t> numbers_of(const HttpHeaders& headers, std::string_view name) {
  std::vector<std::int64_t> out;
  for (const std::string_view line : header_values(headers, name)) {
    for (const std::string_view part : split(line, ',')) {
      const std::string_view text = trim(part);
      std::int64_t value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      const bool whole = error == std::errc() && end == text.data() + text.size();
      if (whole && value >= 0 && value <= kLargestNumber) out.push_back(value);
    }
  }
  return out;
}

/// The value that belongs to the chosen one where the lists go together, else the careful one.
std::optional<std::int64_t> belonging(const std::vector<std::int64_t>& values, std::size_t chosen,
                                      std::size_t expected, bool largest) {
  if (values.empty()) return std::nullopt;
  if (values.size() == expected) return values[chosen];
  std::int64_t out = values.front();
  for (const std::int64_t value : values) out = largest == (value > out) ? value : out;
  return out;
}

/// "Host:port" in lower case without the default port; "acme-admin.okta.com" becomes
/// "acme.okta.com".
std::string plain_host(std::string_view authority) {
  std::string host = ascii_lower(authority);
  constexpr std::string_view kDefaultPort = ":443";
  if (host.size() > kDefaultPort.size() && host.ends_with(kDefaultPort)) {
    host.resize(host.size() - kDefaultPort.size());
  }
  constexpr std::string_view kAdmin = "-admin";
  const std::size_t dot = host.find('.');
  if (dot != std::string::npos && dot > kAdmin.size() &&
      host.compare(dot - kAdmin.size(), kAdmin.size(), kAdmin) == 0) {
    host.erase(dot - kAdmin.size(), kAdmin.size());
  }
  return host;
}

struct Url {
  std::string host;
  std::string target;
};

std::optional<Url> split_url(std::string_view url) {
  constexpr std::string_view kScheme = "https://";
  if (url.substr(0, kScheme.size()) != kScheme) return std::nullopt;
  url.remove_prefix(kScheme.size());
  const std::size_t slash = url.find('/');
  if (slash == std::string_view::npos) return Url{plain_host(url), "/"};
  return Url{plain_host(url.substr(0, slash)), std::string(url.substr(slash))};
}

/// The URL whose parameters name rel="next"; URLs may hold commas, so brackets lead.
std::optional<std::string_view> next_url(std::string_view line) {
  while (!line.empty()) {
    const std::size_t open = line.find('<');
    const std::size_t close = line.find('>', open == std::string_view::npos ? 0 : open);
    if (open == std::string_view::npos || close == std::string_view::npos) return std::nullopt;
    const std::string_view url = line.substr(open + 1, close - open - 1);
    line.remove_prefix(close + 1);
    const std::string_view parameters = line.substr(0, line.find('<'));
    for (const std::string_view part : split(parameters, ';')) {
      std::string_view text = trim(part);
      while (!text.empty() && text.back() == ',') text = trim(text.substr(0, text.size() - 1));
      if (ascii_iequals(text, "rel=\"next\"") || ascii_iequals(text, "rel=next")) return url;
    }
  }
  return std::nullopt;
}

}  // namespace

RateObservation read_rate_headers(const HttpReply& reply) {
  RateObservation out;
  out.status = reply.status;
  out.date = reply.date;
  const auto limits = numbers_of(reply.headers, "X-Rate-Limit-Limit");
  const auto remaining = numbers_of(reply.headers, "X-Rate-Limit-Remaining");
  const auto resets = numbers_of(reply.headers, "X-Rate-Limit-Reset");
  std::size_t least = 0;
  for (std::size_t i = 1; i < remaining.size(); ++i) {
    if (remaining[i] < remaining[least]) least = i;
  }
  if (!remaining.empty()) out.remaining = remaining[least];
  out.limit = belonging(limits, least, remaining.size(), false);
  out.reset = belonging(resets, least, remaining.size(), true);
  return out;
}

Result<std::optional<std::string>> next_page(const HttpReply& reply, std::string_view base_url) {
  for (const std::string_view line : header_values(reply.headers, "Link")) {
    const auto next = next_url(line);
    if (!next) continue;
    const auto url = split_url(*next);
    const auto own = split_url(base_url);
    if (!url || !own || url->host != own->host) {
      return make_error(ErrorCode::okta_foreign_link, "a page links to another host",
                        url ? url->host : std::string());
    }
    return std::optional<std::string>(url->target);
  }
  return std::optional<std::string>();
}

std::string request_id(const HttpReply& reply) {
  return std::string(header_value(reply.headers, "X-Okta-Request-Id"));
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= 'a' && byte <= 'z') || byte == '-' || byte == '.' || byte == '_' ||
                       byte == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
  return out;
}

}  // namespace rollcall
