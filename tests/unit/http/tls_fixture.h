// A private CA made for one test, leaf certificates from it, and a TLS server that answers by
// script.
#pragma once

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <Poco/Net/Context.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SecureServerSocket.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace rollcall::test {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

inline Key make_p256() { return {EVP_EC_gen("P-256"), EVP_PKEY_free}; }

/// Signs `subject`'s key with the issuer's; `san` is OpenSSL's "DNS:a,IP:b" or empty; `ca` makes
/// it an issuer.
inline Certificate sign(EVP_PKEY* key, const std::string& name, X509* issuer, EVP_PKEY* issuer_key,
                        const std::string& san, bool ca) {
  static std::atomic<long> serial{1};
  Certificate cert(X509_new(), X509_free);
  X509_set_version(cert.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), serial++);
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), 3600);
  X509_set_pubkey(cert.get(), key);
  X509_NAME* subject = X509_get_subject_name(cert.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(cert.get(), issuer != nullptr ? X509_get_subject_name(issuer) : subject);
  const auto extend = [&](int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer != nullptr ? issuer : cert.get(), cert.get(), nullptr, nullptr,
                   0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    X509_add_ext(cert.get(), extension, -1);
    X509_EXTENSION_free(extension);
  };
  extend(NID_basic_constraints, ca ? "critical,CA:TRUE" : "CA:FALSE");
  if (!san.empty()) extend(NID_subject_alt_name, san);
  X509_sign(cert.get(), issuer_key, EVP_sha256());
  return cert;
}

/// A folder with ca.pem, other_ca.pem and leaves made on demand; removed with the object.
class PrivateCa {
 public:
  PrivateCa()
      : folder_(std::filesystem::temp_directory_path() /
                ("rollcall-tls-" + std::to_string(reinterpret_cast<std::uintptr_t>(this)) + "-" +
                 std::to_string(::getpid()))),
        key_(make_p256()),
        cert_(sign(key_.get(), "Test CA", nullptr, key_.get(), "", true)) {
    std::filesystem::create_directories(folder_);
    write_cert(ca_file(), cert_.get());
    const Key other = make_p256();
    const Certificate stranger = sign(other.get(), "Other CA", nullptr, other.get(), "", true);
    write_cert(other_ca_file(), stranger.get());
    const Certificate anew = sign(other.get(), "Test CA", nullptr, other.get(), "", true);
    write_cert(anew_ca_file(), anew.get());
  }
  ~PrivateCa() { std::filesystem::remove_all(folder_); }
  PrivateCa(const PrivateCa&) = delete;
  PrivateCa& operator=(const PrivateCa&) = delete;

  std::string ca_file() const { return (folder_ / "ca.pem").string(); }
  std::string other_ca_file() const { return (folder_ / "other_ca.pem").string(); }
  /// Of the CA's name, with another key.
  std::string anew_ca_file() const { return (folder_ / "anew_ca.pem").string(); }

  /// PEM file with key and certificate.
  std::string leaf(const std::string& common_name, const std::string& san) {
    const Key key = make_p256();
    const Certificate cert = sign(key.get(), common_name, cert_.get(), key_.get(), san, false);
    const std::string path = (folder_ / ("leaf" + std::to_string(++leaves_) + ".pem")).string();
    std::FILE* file = std::fopen(path.c_str(), "w");
    PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    PEM_write_X509(file, cert.get());
    std::fclose(file);
    return path;
  }

 private:
  static void write_cert(const std::string& path, X509* cert) {
    std::FILE* file = std::fopen(path.c_str(), "w");
    PEM_write_X509(file, cert);
    std::fclose(file);
  }

  std::filesystem::path folder_;
  Key key_;
  Certificate cert_;
  int leaves_ = 0;
};

/// Accepts on a free loopback port, reads one request after the other from each connection and
/// sends what `answer` returns; an empty answer closes the connection.
class ScriptedServer {
 public:
  using Answer = std::function<std::string(const std::string& request)>;

  ScriptedServer(const std::string& leaf_file, Answer answer, bool old_tls = false)
      : answer_(std::move(answer)) {
    namespace net = Poco::Net;
    net::Context::Ptr context(new net::Context(net::Context::TLS_SERVER_USE, leaf_file, leaf_file,
                                               "", net::Context::VERIFY_NONE));
    if (old_tls)
      context->disableProtocols(net::Context::PROTO_TLSV1_2 | net::Context::PROTO_TLSV1_3);
    listener_ =
        std::make_unique<net::SecureServerSocket>(net::SocketAddress("127.0.0.1", 0), 64, context);
    port_ = listener_->address().port();
    acceptor_ = std::thread([this] { accept(); });
  }
  ~ScriptedServer() {
    stopping_ = true;
    acceptor_.join();
    for (auto& thread : connections_) thread.join();
  }

  std::string url(const std::string& host) const {
    return "https://" + host + ":" + std::to_string(port_);
  }
  int accepted() const { return accepted_; }
  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void accept() {
    while (!stopping_) {
      if (!listener_->poll(Poco::Timespan(0, 10'000), Poco::Net::Socket::SELECT_READ)) continue;
      try {
        Poco::Net::StreamSocket socket = listener_->acceptConnection();
        ++accepted_;
        connections_.emplace_back([this, socket]() mutable { serve(socket); });
      } catch (const Poco::Exception&) {
      }
    }
  }

  void serve(Poco::Net::StreamSocket& socket) {
    try {
      socket.setReceiveTimeout(Poco::Timespan(5, 0));
      std::string pending;
      while (!stopping_) {
        if (pending.empty() &&
            !socket.poll(Poco::Timespan(0, 10'000), Poco::Net::Socket::SELECT_READ)) {
          continue;
        }
        std::string request;
        if (!read_request(socket, pending, request)) return;
        {
          const std::lock_guard lock(mutex_);
          requests_.push_back(request);
        }
        const std::string reply = answer_(request);
        if (reply.empty()) {
          socket.close();
          return;
        }
        socket.sendBytes(reply.data(), static_cast<int>(reply.size()));
        if (reply.find("Connection: close") != std::string::npos) {
          socket.close();
          return;
        }
      }
      socket.close();
    } catch (const Poco::Exception&) {
    }
  }

  static bool read_request(Poco::Net::StreamSocket& socket, std::string& pending,
                           std::string& request) {
    char block[4096];
    for (;;) {
      const auto end = pending.find("\r\n\r\n");
      if (end != std::string::npos) {
        std::size_t length = 0;
        const auto at = pending.find("Content-Length: ");
        if (at < end) length = std::stoul(pending.substr(at + 16));
        if (pending.size() >= end + 4 + length) {
          request = pending.substr(0, end + 4 + length);
          pending.erase(0, end + 4 + length);
          return true;
        }
      }
      const int got = socket.receiveBytes(block, sizeof block);
      if (got <= 0) return false;
      pending.append(block, static_cast<std::size_t>(got));
    }
  }

  Answer answer_;
  std::unique_ptr<Poco::Net::SecureServerSocket> listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> accepted_{0};
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::vector<std::thread> connections_;
  std::thread acceptor_;
};

inline std::string ok_reply(const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers +
         "\r\n" + body;
}

}  // namespace rollcall::test
