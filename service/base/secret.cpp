#include "service/base/secret.h"

#include <openssl/crypto.h>

namespace rollcall {

Secret::~Secret() { OPENSSL_cleanse(value_.data(), value_.size()); }

}  // namespace rollcall
