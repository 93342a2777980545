// The program: hardens the process, turns signals into a stop request, runs the command line.
#include <fmt/core.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <thread>

#include "service/app/program.h"

extern char** environ;

namespace {

/// Secrets and people's data must not reach a core file or a debugger.
void harden() {
  prctl(PR_SET_DUMPABLE, 0);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  signal(SIGPIPE, SIG_IGN);
}

std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) {
      out.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return out;
}

rollcall::Terminal terminal(const std::map<std::string, std::string>& env) {
  rollcall::Terminal t;
  t.out = isatty(STDOUT_FILENO) == 1;
  t.err = isatty(STDERR_FILENO) == 1;
  t.colour = t.out && env.count("NO_COLOR") == 0;
  return t;
}

/// Waits for SIGTERM or SIGINT in a thread of its own; the second signal ends the process at once,
/// which recovery makes safe.
class SignalWatch {
 public:
  SignalWatch() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    watcher_ = std::thread([this] { watch(); });
  }
  ~SignalWatch() {
    kill(getpid(), SIGUSR2);
    watcher_.join();
  }
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;
  std::stop_token token() const { return stop_.get_token(); }

 private:
  void watch() {
    int caught = 0;
    while (sigwait(&signals_, &caught) == 0 && caught != SIGUSR2) {
      if (!stop_.request_stop()) _exit(10);
    }
  }
  sigset_t signals_{};
  std::stop_source stop_;
  std::thread watcher_;
};

}  // namespace

int main(int argc, char** argv) {
  harden();
  try {
    SignalWatch signals;
    const rollcall::SystemClock clock;
    const auto env = environment();
    rollcall::Program program(clock, env, terminal(env), signals.token());
    return rollcall::run_command(program, {argv + 1, argv + argc});
  } catch (const std::exception& e) {
    fmt::print(stderr, "rollcall: internal.defect: {}\n", e.what());
    return 1;
  }
}
