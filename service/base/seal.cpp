#include "service/base/seal.h"

#include <openssl/evp.h>

#include <memory>
#include <stdexcept>

#include "service/base/digest.h"
#include "service/base/text.h"

namespace rollcall {
namespace {

constexpr std::size_t kNonce = 12;
constexpr std::size_t kTag = 16;
constexpr std::size_t kKey = 32;

struct FreeCtx {
  void operator()(EVP_CIPHER_CTX* ctx) const { EVP_CIPHER_CTX_free(ctx); }
};
using Ctx = std::unique_ptr<EVP_CIPHER_CTX, FreeCtx>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// Fetched once: looking it up costs more than sealing an operation.
const EVP_CIPHER* algorithm() {
  static const EVP_CIPHER* const one = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return one;
}

void require(bool good) {
  if (!good) throw std::runtime_error("AES-256-GCM is not available");
}

}  // namespace

std::string seal(const Secret& key, std::string_view plain, std::string_view context) {
  ROLLCALL_ASSERT(key.reveal().size() == kKey);
  const std::string nonce = random_bytes(kNonce);
  const Ctx ctx(EVP_CIPHER_CTX_new());
  std::string out = nonce + std::string(plain.size() + kTag, '\0');
  auto* cipher = reinterpret_cast<unsigned char*>(out.data()) + kNonce;
  int length = 0;
  require(ctx != nullptr &&
          EVP_EncryptInit_ex(ctx.get(), algorithm(), nullptr, bytes_of(key.reveal()),
                             bytes_of(nonce)) == 1 &&
          EVP_EncryptUpdate(ctx.get(), nullptr, &length, bytes_of(context),
                            static_cast<int>(context.size())) == 1 &&
          EVP_EncryptUpdate(ctx.get(), cipher, &length, bytes_of(plain),
                            static_cast<int>(plain.size())) == 1 &&
          EVP_EncryptFinal_ex(ctx.get(), cipher + length, &length) == 1 &&
          EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_GCM_GET_TAG, kTag, cipher + plain.size()) == 1);
  return out;
}

Result<std::string> unseal(const Secret& key, std::string_view sealed, std::string_view context) {
  const Error broken = make_error(ErrorCode::seal_broken, "a sealed value does not open");
  if (key.reveal().size() != kKey || sealed.size() < kNonce + kTag) return broken;
  const std::size_t size = sealed.size() - kNonce - kTag;
  std::string out(size, '\0');
  const Ctx ctx(EVP_CIPHER_CTX_new());
  std::string tag(sealed.substr(kNonce + size));
  int length = 0;
  auto* plain = reinterpret_cast<unsigned char*>(out.data());
  const bool good = ctx != nullptr &&
                    EVP_DecryptInit_ex(ctx.get(), algorithm(), nullptr, bytes_of(key.reveal()),
                                       bytes_of(sealed)) == 1 &&
                    EVP_DecryptUpdate(ctx.get(), nullptr, &length, bytes_of(context),
                                      static_cast<int>(context.size())) == 1 &&
                    EVP_DecryptUpdate(ctx.get(), plain, &length, bytes_of(sealed) + kNonce,
                                      static_cast<int>(size)) == 1 &&
                    EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_GCM_SET_TAG, kTag, tag.data()) == 1 &&
                    EVP_DecryptFinal_ex(ctx.get(), plain + length, &length) == 1;
  if (!good) return broken;
  return out;
}

Secret make_key() { return Secret(random_bytes(kKey)); }

Result<Secret> key_from_text(std::string_view text) {
  const std::string_view body = trim(text);
  if (body.size() < 16) {
    return make_error(ErrorCode::secret_unavailable,
                      "the journal key has fewer than 16 characters");
  }
  if (const auto raw = unhex(body); raw && raw->size() == kKey) return Secret(*raw);
  if (const auto raw = unbase64(body); raw && raw->size() == kKey) return Secret(*raw);
  const Sha256 hashed = sha256(body);
  return Secret(std::string(reinterpret_cast<const char*>(hashed.bytes.data()), kKey));
}

}  // namespace rollcall
