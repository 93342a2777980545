// Which operation a method and path name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/org.h"

namespace rollcall::sim {

struct Route {
  std::string_view method;
  // Below /api/v1, or whole if it begins with a slash; segments with {} stand for ids.
  std::string_view pattern;
  SimReply (*operation)(Org&, Call&);
  bool list = false;  // answers with an array
};

struct RouteMatch {
  const Route* route = nullptr;
  bool path_known = false;  // the path exists for another method
  std::vector<std::string> ids;
};

/// All that is served.
const std::vector<Route>& served_routes();
RouteMatch match_route(std::string_view method, const std::vector<std::string>& segments);

}  // namespace rollcall::sim
