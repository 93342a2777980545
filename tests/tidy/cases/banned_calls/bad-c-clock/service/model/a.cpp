// Says what it is for.
auto t = time(nullptr);
