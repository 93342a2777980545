// An okta-sim behind real TLS, in this process, for tests of what arrives at a client.
#pragma once

#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Net/SSLManager.h>

#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "tests/sim/sim_fixture.h"
#include "tests/sim/sim_server.h"
#include "tests/sim/tls_files.h"

namespace rollcall::sim {

class OverTls : public ::testing::Test {
 protected:
  virtual SimOptions options_of_org() { return unlimited(); }
  void SetUp() override {
    auto directory = make_temporary_directory();
    ASSERT_TRUE(directory);
    directory_ = *directory;
    const auto files = make_tls_files(directory_);
    ASSERT_TRUE(files) << files.error().message;
    files_ = *files;
    SimServerOptions options;
    options.http.certificate_file = files_.certificate_file;
    options.http.private_key_file = files_.private_key_file;
    auto org = SimOrg::create(options_of_org(), clock_);
    ASSERT_TRUE(org);
    auto server = SimServer::start(options, std::move(*org));
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
    Poco::Net::initializeSSL();
    context_ = new Poco::Net::Context(Poco::Net::Context::TLS_CLIENT_USE, files_.ca_file,
                                      Poco::Net::Context::VERIFY_STRICT);
    context_->enableExtendedCertificateVerification(true);
  }
  void TearDown() override {
    server_.reset();
    std::filesystem::remove_all(directory_);
  }

  std::unique_ptr<Poco::Net::HTTPSClientSession> session() {
    return std::make_unique<Poco::Net::HTTPSClientSession>("localhost", server_->port(), context_);
  }

  static std::string call(Poco::Net::HTTPSClientSession& session, const std::string& method,
                          const std::string& target, const std::string& body,
                          Poco::Net::HTTPResponse& response, bool gzip = false) {
    Poco::Net::HTTPRequest request(method, target, Poco::Net::HTTPMessage::HTTP_1_1);
    request.set("Authorization", "SSWS TOKEN");
    if (gzip) request.set("Accept-Encoding", "gzip");
    request.setContentLength(static_cast<std::streamsize>(body.size()));
    session.sendRequest(request) << body << std::flush;
    std::istream& in = session.receiveResponse(response);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }

  HandClock clock_;
  std::string directory_;
  TlsFiles files_;
  std::unique_ptr<SimServer> server_;
  Poco::Net::Context::Ptr context_;
};

}  // namespace rollcall::sim
