// Which rate-limit bucket a request counts in, and the org's limit there as Okta last published it
// (config/okta_buckets.tsv). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/result.h"

namespace rollcall {

/// A bucket by name. `seed` is per minute for a whole org, before any reply has shown the truth.
struct BucketRef {
  std::string name;
  std::uint32_t seed = 0;
  bool listed = false;  // false: the path is not in the table and has a bucket of its own
};

class BucketTable {
 public:
  /// Columns by header name: method, path, bucket, workforce. Errors: okta.buckets_malformed.
  static Result<BucketTable> parse(std::string_view tsv);
  /// The table built into the binary. Errors: okta.buckets_malformed.
  static Result<BucketTable> embedded();

  /// Exact rows first (fewest `{id}` wins), then the longest prefix; a row that names the method
  /// before one for all. `target` may carry a query.
  BucketRef find(std::string_view method, std::string_view target) const;
  /// The seed of a bucket by name; 0 if the table does not know it.
  std::uint32_t seed_of(std::string_view name) const;

  /// What a bucket without a published limit, or an unlisted path, starts with.
  static constexpr std::uint32_t kSlowSeed = 40;

 private:
  struct Row {
    std::string method;  // empty: all
    std::vector<std::string> segments;
    bool prefix = false;
    int folded = 0;  // number of {id} segments
    std::string bucket;
    std::uint32_t seed = 0;
  };
  std::vector<Row> rows_;
};

/// The path with what looks like an id, login or number replaced by `{id}`; no query.
std::string fold_ids(std::string_view target);

}  // namespace rollcall
