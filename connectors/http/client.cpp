// HTTPS over Poco: strict verification, phases told apart (before, during and after sending).
#include "connectors/http/client.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Net/IPAddress.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SSLException.h>
#include <Poco/Net/SSLManager.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/X509Certificate.h>
#include <Poco/Timestamp.h>
#include <Poco/URI.h>
#include <array>
#include <istream>
#include <mutex>
#include <ostream>

#include "service/base/gzip.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

namespace net = Poco::Net;

constexpr std::int64_t kMicros = 1000;

/// The certificate names the host: by a subject alternative name only, the common name is not
/// looked at (RFC 6125); an address must stand there as an address.
bool names_host(const net::X509Certificate& certificate, const std::string& host) {
  auto* x509 = const_cast<X509*>(certificate.certificate());
  net::IPAddress address;
  if (net::IPAddress::tryParse(host, address)) {
    return X509_check_ip_asc(x509, host.c_str(), 0) == 1;
  }
  return X509_check_host(x509, host.c_str(), host.size(), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
                         nullptr) == 1;
}

/// Thrown by the session below, so that a wrong name is told apart from other TLS failures.
class HostMismatch final : public Poco::Exception {
 public:
  HostMismatch() : Poco::Exception("certificate names another host") {}
};

/// Poco checks the host name too, but by the common name as well and with an error that does not
/// tell a wrong name from other failures.
class Session final : public net::HTTPSClientSession {
 public:
  using net::HTTPSClientSession::HTTPSClientSession;

 protected:
  void connect(const net::SocketAddress& address) override {
    try {
      net::HTTPSClientSession::connect(address);
    } catch (const net::CertificateValidationException&) {
      close();
      throw HostMismatch();
    }
    net::SecureStreamSocket socket(this->socket());
    socket.setNoDelay(true);
    if (!names_host(socket.peerCertificate(), getHost())) {
      close();
      throw HostMismatch();
    }
  }
};

/// OpenSSL's verdict on the certificate of this thread's handshake. Poco shows only the oldest
/// entry of the error queue, which for a CA made anew under its old name is one of the arithmetic.
thread_local bool certificate_refused = false;

int note_verdict(int accepted, X509_STORE_CTX* /*store*/) {
  if (accepted == 0) certificate_refused = true;
  return accepted;
}

net::Context::Ptr make_context(const std::string& ca_file) {
  static std::once_flag once;
  std::call_once(once, [] { net::initializeSSL(); });
  net::Context::Ptr context(new net::Context(net::Context::TLS_CLIENT_USE, ca_file,
                                             net::Context::VERIFY_STRICT, 9, ca_file.empty(),
                                             "HIGH:!aNULL:!MD5:@STRENGTH"));
  context->disableProtocols(net::Context::PROTO_SSLV2 | net::Context::PROTO_SSLV3 |
                            net::Context::PROTO_TLSV1 | net::Context::PROTO_TLSV1_1);
  context->enableExtendedCertificateVerification(true);
  SSL_CTX_set_verify(context->sslContext(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     note_verdict);
  return context;
}

Poco::Timespan span_of(std::int64_t ms) { return Poco::Timespan(ms * kMicros); }

}  // namespace

struct HttpClient::State {
  HttpClientOptions options;
  std::string host;
  std::unique_ptr<Session> session;
  Poco::Timestamp last_used;

  void drop_stale();
  HttpExchange exchange(const HttpRequest& request, std::int64_t deadline_ms);
  void fill(net::HTTPRequest& out, const HttpRequest& request) const;
  HttpExchange receive(std::int64_t deadline_ms, const Poco::Timestamp& begun);
  HttpExchange lost(std::string message, ErrorCode code = ErrorCode::http_lost);
  HttpExchange never(ErrorCode code, std::string message);
};

/// A connection that the server has closed in the meantime shows as readable; used anyway, its
/// loss could not be told from a lost reply.
void HttpClient::State::drop_stale() {
  if (!session->connected()) return;
  bool stale = last_used.isElapsed(options.keep_alive_ms * kMicros);
  try {
    stale = stale || session->socket().poll(Poco::Timespan(0),
                                            net::Socket::SELECT_READ | net::Socket::SELECT_ERROR);
  } catch (const Poco::Exception&) {
    stale = true;
  }
  if (stale) session->reset();
}

HttpExchange HttpClient::State::lost(std::string message, ErrorCode code) {
  session->reset();
  return HttpExchange::failed(make_error(code, std::move(message), options.base_url),
                              RequestSent::maybe);
}

HttpExchange HttpClient::State::never(ErrorCode code, std::string message) {
  session->reset();
  return HttpExchange::failed(make_error(code, std::move(message), options.base_url),
                              RequestSent::never);
}

void HttpClient::State::fill(net::HTTPRequest& out, const HttpRequest& request) const {
  out.setHost(session->getHost(), session->getPort());
  for (const auto& [name, value] : request.headers) out.add(name, value);
  if (!out.has("Accept-Encoding")) out.set("Accept-Encoding", "gzip");
  // Okta answers 411 to a POST or PUT that states no length (FACTS 1).
  const bool carries = request.method == "POST" || request.method == "PUT" ||
                       request.method == "PATCH" || !request.body.empty();
  if (carries) out.setContentLength64(static_cast<Poco::Int64>(request.body.size()));
}

HttpExchange HttpClient::State::exchange(const HttpRequest& request, std::int64_t deadline_ms) {
  const Poco::Timestamp begun;
  drop_stale();
  // Poco waits twice for a silent TLS server: in the socket's own time-out, then in a poll.
  session->setTimeout(span_of(options.connect_timeout_ms), span_of(deadline_ms),
                      span_of((deadline_ms + 1) / 2));
  net::HTTPRequest out(request.method, request.target, net::HTTPMessage::HTTP_1_1);
  fill(out, request);
  certificate_refused = false;
  try {
    std::ostream& stream = session->sendRequest(out);
    stream.write(request.body.data(), static_cast<std::streamsize>(request.body.size()));
    stream.flush();
    if (!stream) return never(ErrorCode::http_unreachable, "the connection broke while sending");
  } catch (const HostMismatch&) {
    return never(ErrorCode::tls_host_mismatch,
                 "the server's certificate does not name the host " + host);
  } catch (const net::InvalidCertificateException&) {
    return never(ErrorCode::tls_untrusted, "the server's certificate is not trusted");
  } catch (const net::SSLException& e) {
    return never(certificate_refused ? ErrorCode::tls_untrusted : ErrorCode::tls_failed,
                 certificate_refused ? "the server's certificate is not trusted"
                                     : "the TLS handshake failed: " + e.displayText());
  } catch (const Poco::Exception& e) {
    return never(ErrorCode::http_unreachable, "no connection: " + e.displayText());
  }
  try {
    return receive(deadline_ms, begun);
  } catch (const Poco::Exception& e) {
    return lost(std::string("no reply: ") + e.displayText());
  } catch (const std::exception& e) {
    return lost(std::string("no reply: ") + e.what());
  }
}

HttpExchange HttpClient::State::receive(std::int64_t deadline_ms, const Poco::Timestamp& begun) {
  net::HTTPResponse response;
  std::istream& in = session->receiveResponse(response);
  HttpReply reply;
  reply.status = static_cast<int>(response.getStatus());
  for (const auto& [name, value] : response) reply.headers.emplace_back(name, value);
  std::array<char, 65536> block{};
  while (in) {
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    reply.body.append(block.data(), static_cast<std::size_t>(in.gcount()));
    if (reply.body.size() > options.max_reply_bytes) {
      return lost("the reply is larger than allowed", ErrorCode::http_too_large);
    }
    if (begun.isElapsed(deadline_ms * kMicros)) return lost("the reply took too long");
  }
  if (session->networkException() != nullptr || in.bad()) return lost("the reply was cut");
  if (response.hasContentLength() &&
      reply.body.size() != static_cast<std::size_t>(response.getContentLength64()) &&
      reply.status != 204) {
    return lost("the reply was cut");
  }
  if (ascii_iequals(header_value(reply.headers, "Content-Encoding"), "gzip")) {
    auto inflated = gunzip(reply.body, options.max_reply_bytes);
    if (!inflated) return lost(inflated.error().message, ErrorCode::http_malformed);
    reply.body = std::move(*inflated);
  }
  if (const auto date = parse_http_date(header_value(reply.headers, "Date"))) reply.date = *date;
  last_used.update();
  return HttpExchange::replied(std::move(reply));
}

Result<std::unique_ptr<HttpClient>> HttpClient::open(const HttpClientOptions& options) {
  auto state = std::make_unique<State>();
  state->options = options;
  try {
    const Poco::URI uri(options.base_url);
    if (uri.getScheme() != "https" || uri.getHost().empty() || !uri.getUserInfo().empty()) {
      return make_error(ErrorCode::http_base_url_invalid, "the URL is not of the form https://host",
                        options.base_url);
    }
    state->host = uri.getHost();
    state->session =
        std::make_unique<Session>(uri.getHost(), uri.getPort(), make_context(options.ca_file));
    state->session->setKeepAlive(true);
    state->session->setKeepAliveTimeout(span_of(options.keep_alive_ms));
  } catch (const Poco::SyntaxException&) {
    return make_error(ErrorCode::http_base_url_invalid, "the URL is not of the form https://host",
                      options.base_url);
  } catch (const Poco::Exception& e) {
    return make_error(ErrorCode::tls_ca_unreadable,
                      "the file of trusted certificates cannot be read: " + e.displayText(),
                      options.ca_file);
  }
  return std::unique_ptr<HttpClient>(new HttpClient(std::move(state)));
}

HttpClient::HttpClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpClient::~HttpClient() = default;

HttpExchange HttpClient::send(const HttpRequest& request, std::int64_t deadline_ms) {
  try {
    return state_->exchange(request, deadline_ms);
  } catch (const Poco::Exception& e) {
    // Only preparation is left outside the phases above: nothing was written.
    return state_->never(ErrorCode::http_unreachable, "no connection: " + e.displayText());
  }
}

}  // namespace rollcall
