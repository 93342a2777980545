#include "tests/sim/tls_files.h"

#include <fmt/core.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "service/base/file.h"

namespace rollcall::sim {
namespace {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* held) const {
    Free(held);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Bio = std::unique_ptr<BIO, Freer<BIO_free>>;

constexpr long kValidSeconds = 10L * 365 * 24 * 3600;

bool add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  if (extension == nullptr) return false;
  const int added = X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  return added == 1;
}

void set_name(X509_NAME* name, const char* common_name) {
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0);
}

Certificate make_certificate(EVP_PKEY* key, const char* common_name, X509* issuer,
                             EVP_PKEY* issuer_key) {
  Certificate certificate(X509_new());
  std::uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial));
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1);
  // A day back, so that a simulator with its clock set back still has a valid certificate.
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -24L * 3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kValidSeconds);
  X509_set_pubkey(certificate.get(), key);
  set_name(X509_get_subject_name(certificate.get()), common_name);
  X509* signer = issuer != nullptr ? issuer : certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer));
  const bool is_ca = issuer == nullptr;
  bool fine = add_extension(certificate.get(), signer, NID_basic_constraints,
                            is_ca ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE");
  fine = fine && add_extension(certificate.get(), signer, NID_key_usage,
                               is_ca ? "critical,keyCertSign,cRLSign"
                                     : "critical,digitalSignature,keyEncipherment");
  fine = fine && add_extension(certificate.get(), signer, NID_subject_key_identifier, "hash");
  if (!is_ca) {
    fine = fine && add_extension(certificate.get(), signer, NID_ext_key_usage, "serverAuth");
    fine = fine && add_extension(certificate.get(), signer, NID_subject_alt_name,
                                 "DNS:localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1");
  }
  fine = fine && X509_sign(certificate.get(), issuer_key, EVP_sha256()) > 0;
  if (!fine) certificate.reset();
  return certificate;
}

std::string text_of(BIO* bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  return std::string(bytes, static_cast<std::size_t>(size));
}

std::string certificate_pem(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return text_of(bio.get());
}

std::string key_pem(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(bio.get());
}

}  // namespace

Result<TlsFiles> make_tls_files(const std::string& directory) {
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return make_error(ErrorCode::io_write_failed,
                      fmt::format("cannot make the folder: {}", std::strerror(errno)), directory);
  }
  const Key ca_key(EVP_EC_gen("P-256"));
  const Key key(EVP_EC_gen("P-256"));
  if (!ca_key || !key) return make_error(ErrorCode::internal_defect, "no key could be made");
  const Certificate ca = make_certificate(ca_key.get(), "okta-sim CA", nullptr, ca_key.get());
  const Certificate server =
      ca ? make_certificate(key.get(), "localhost", ca.get(), ca_key.get()) : nullptr;
  if (!server) return make_error(ErrorCode::internal_defect, "no certificate could be made");
  const TlsFiles files{directory + "/ca.pem", directory + "/server.pem", directory + "/server.key"};
  const auto write = [](const std::string& path, const std::string& text) {
    return write_private_file(path, text);
  };
  if (auto done = write(files.ca_file, certificate_pem(ca.get())); !done) return done.error();
  const std::string chain = certificate_pem(server.get()) + certificate_pem(ca.get());
  if (auto done = write(files.certificate_file, chain); !done) return done.error();
  if (auto done = write(files.private_key_file, key_pem(key.get())); !done) return done.error();
  return files;
}

Result<std::string> make_temporary_directory() {
  const char* base = ::getenv("TMPDIR");
  std::string path = fmt::format("{}/okta-sim-XXXXXX", base != nullptr ? base : "/tmp");
  if (::mkdtemp(path.data()) == nullptr) {
    return make_error(ErrorCode::io_write_failed,
                      fmt::format("no temporary folder: {}", std::strerror(errno)), path);
  }
  return path;
}

}  // namespace rollcall::sim
