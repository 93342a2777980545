// Authenticated encryption of values at rest (AES-256-GCM).
#pragma once

#include <string>
#include <string_view>

#include "service/base/result.h"
#include "service/base/secret.h"

namespace rollcall {

/// Seals with a 32-byte key; a fresh nonce each time, so equal texts give different bytes.
/// `context` is authenticated, not stored: a value moved to another place does not open.
std::string seal(const Secret& key, std::string_view plain, std::string_view context);
/// Errors: seal.broken (wrong key, wrong context, altered bytes).
Result<std::string> unseal(const Secret& key, std::string_view sealed, std::string_view context);
/// A new random 32-byte key.
Secret make_key();
/// 32 bytes from the text of a key file: 64 hex digits, base64 of 32 bytes, or any longer text
/// (hashed). Errors: secret.unavailable if it holds less than 16 characters.
Result<Secret> key_from_text(std::string_view text);

}  // namespace rollcall
