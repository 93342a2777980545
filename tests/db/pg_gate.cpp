#include "tests/db/pg_gate.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

namespace rollcall::test {
namespace {

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  EXPECT_LT(path.size(), sizeof(address.sun_path));
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  return address;
}

std::string read_some(int fd) {
  std::array<char, 65536> buffer{};
  const ssize_t got = ::read(fd, buffer.data(), buffer.size());
  return got <= 0 ? std::string() : std::string(buffer.data(), static_cast<std::size_t>(got));
}

bool write_all(int fd, const std::string& bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t sent = ::send(fd, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    done += static_cast<std::size_t>(sent);
  }
  return true;
}

bool is_commit(const std::string& bytes) {
  return bytes.size() > 5 && bytes[0] == 'Q' &&
         (bytes.compare(5, 6, "COMMIT") == 0 || bytes.compare(5, 6, "commit") == 0);
}

/// BackendKeyData: 'K', length 12, process number, secret.
bool change_process_number(std::string& bytes) {
  const std::string key("K\0\0\0\x0c", 5);
  const auto at = bytes.find(key);
  if (at == std::string::npos || at + 9 > bytes.size()) return false;
  bytes[at + 8] = static_cast<char>(bytes[at + 8] ^ 0x55);
  return true;
}

}  // namespace

PgGate::PgGate(const std::string& dsn) {
  const auto from = dsn.find("host=") + 5;
  server_path_ = dsn.substr(from, dsn.find(' ', from) - from) + "/.s.PGSQL.5432";
  std::string pattern = "/tmp/rollcall-gate-XXXXXX";
  folder_ = ::mkdtemp(pattern.data());
  dsn_ = dsn + " host=" + folder_;
  listener_ = ::socket(AF_UNIX, SOCK_STREAM, 0);
  const sockaddr_un address = address_of(folder_ + "/.s.PGSQL.5432");
  EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(::listen(listener_, 8), 0);
  acceptor_ = std::thread([this] { accept_all(); });
}

PgGate::~PgGate() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  std::filesystem::remove_all(folder_);
}

void PgGate::accept_all() {
  std::vector<std::thread> threads;
  for (;;) {
    const int client = ::accept(listener_, nullptr, nullptr);
    if (client < 0 || stopping_) {
      if (client >= 0) ::close(client);
      break;
    }
    ++connections_;
    threads.emplace_back([this, client] { pass(client); });
  }
  for (std::thread& thread : threads) thread.join();
}

void PgGate::pass(int client) {
  const int server = ::socket(AF_UNIX, SOCK_STREAM, 0);
  const sockaddr_un address = address_of(server_path_);
  bool open = ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  bool drop_answer = false;
  while (open && !stopping_) {
    std::array<pollfd, 2> fds{{{client, POLLIN, 0}, {server, POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), 50) <= 0) continue;
    if (fds[0].revents != 0) {
      const std::string bytes = read_some(client);
      GateFault before = GateFault::cut_before_commit;
      GateFault after = GateFault::cut_after_commit;
      if (bytes.empty()) break;
      if (is_commit(bytes) && fault_.compare_exchange_strong(before, GateFault::none)) break;
      drop_answer = is_commit(bytes) && fault_.compare_exchange_strong(after, GateFault::none);
      open = write_all(server, bytes);
    }
    if (open && fds[1].revents != 0) {
      std::string bytes = read_some(server);
      if (bytes.empty() || drop_answer) break;
      if (fault_ == GateFault::pose_as_pooler && change_process_number(bytes)) {
        fault_ = GateFault::none;
      }
      open = write_all(client, bytes);
    }
  }
  // The journal is cut off only once its old session has ended: until then that holds the lock, and
  // how often the journal has to try again would depend on the machine.
  ::shutdown(server, SHUT_WR);
  while (!read_some(server).empty()) {
  }
  ::close(server);
  ::close(client);
}

}  // namespace rollcall::test
