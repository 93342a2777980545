// A certificate authority and a server certificate for localhost, made at start.
#pragma once

#include <string>

#include "service/base/result.h"

namespace rollcall::sim {

struct TlsFiles {
  std::string ca_file;           // ca.pem
  std::string certificate_file;  // server.pem
  std::string private_key_file;  // server.key, mode 0600
};

/// Makes them in `directory` (created if missing) for localhost, 127.0.0.1 and ::1. The CA's key is
/// not kept. Errors: io.write_failed, internal.defect if OpenSSL refuses.
Result<TlsFiles> make_tls_files(const std::string& directory);
/// A fresh directory of mode 0700 below the system's temporary one. Errors: io.write_failed.
Result<std::string> make_temporary_directory();

}  // namespace rollcall::sim
