// Which exit code wins when several apply (CONTRACT.md, "Exit codes").
#pragma once

#include <set>
#include <string>
#include <vector>

namespace rollcall {

class ExitCodes {
 public:
  void add(int code) { codes_.insert(code); }
  void add(const ExitCodes& other) { codes_.insert(other.codes_.begin(), other.codes_.end()); }
  void drop(int code) { codes_.erase(code); }
  bool has(int code) const { return codes_.count(code) > 0; }
  bool empty() const { return codes_.empty(); }
  /// The one that wins; 0 if none applies.
  int first() const;
  /// All that apply, the winner first.
  std::vector<int> all() const;

 private:
  std::set<int> codes_;
};

}  // namespace rollcall
