// A gate between the journal and PostgreSQL's socket that breaks the connection at a chosen point
// of a commit, or gives another process number, as a pooler does.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace rollcall::test {

enum class GateFault {
  none,
  cut_before_commit,  // COMMIT never reaches the server
  cut_after_commit,   // the server commits, its answer never arrives
  pose_as_pooler      // another process number in the greeting
};

/// Listens in a folder of its own and passes connections on, one thread each. `arm` applies to the
/// next commit (or greeting) once.
class PgGate {
 public:
  /// `dsn` must name a socket folder as host.
  explicit PgGate(const std::string& dsn);
  ~PgGate();
  PgGate(const PgGate&) = delete;
  PgGate& operator=(const PgGate&) = delete;

  /// The DSN that leads through the gate.
  const std::string& dsn() const { return dsn_; }
  void arm(GateFault fault) { fault_ = fault; }
  int connections() const { return connections_; }

 private:
  void accept_all();
  void pass(int client);

  std::string folder_, server_path_, dsn_;
  int listener_ = -1;
  std::atomic<GateFault> fault_{GateFault::none};
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::thread acceptor_;
};

}  // namespace rollcall::test
