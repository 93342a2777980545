// Says what it is for.
auto v = x | std::views::take(1);
