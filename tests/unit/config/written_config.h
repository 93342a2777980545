// Configuration files written to a folder of their own, loaded, and what came of it.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "service/config/settings.h"

namespace rollcall {

inline std::string text_of_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class WrittenConfig {
 public:
  WrittenConfig() {
    std::string pattern = (std::filesystem::temp_directory_path() / "rollcall-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~WrittenConfig() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  WrittenConfig(const WrittenConfig&) = delete;
  WrittenConfig& operator=(const WrittenConfig&) = delete;

  const std::string& folder() const { return folder_; }
  std::string write(const std::string& name, const std::string& text) {
    std::string path = folder_ + "/" + name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  Result<Settings> load(const std::string& text) {
    return load(std::vector<std::string>{write("rollcall.yaml", text)});
  }
  Result<Settings> load(const std::vector<std::string>& files) {
    return load_settings({files, environment}, problems);
  }
  /// One line a problem: where (without the folder), code, path.
  std::vector<std::string> lines() const {
    std::vector<std::string> out;
    for (const ConfigProblem& problem : problems) {
      std::string where = problem.error.where;
      if (where.starts_with(folder_ + "/")) where.erase(0, folder_.size() + 1);
      out.push_back(where + " " + std::string(info(problem.error.code).id) + " " + problem.path);
    }
    return out;
  }
  /// All that is said, for a look at what must not be.
  std::string everything() const {
    std::string out;
    for (const ConfigProblem& p : problems) {
      out += p.error.where + " " + p.path + ": " + p.error.message + " " + p.suggestion + "\n";
    }
    return out;
  }

  std::map<std::string, std::string> environment;
  std::vector<ConfigProblem> problems;

 private:
  std::string folder_;
};

/// Sections that every configuration needs; 7 lines.
inline const std::string kHead = R"(version: 1
environment: test
okta:
  base_url: https://acme.okta.com
  auth: {read: {api_token: {env: READ}}}
sources:
  - {name: hr, kind: file, path: hr.csv, key: id}
)";

}  // namespace rollcall
