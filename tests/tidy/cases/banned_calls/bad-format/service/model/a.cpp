// Says what it is for.
auto s = std::format("{}", 1);
