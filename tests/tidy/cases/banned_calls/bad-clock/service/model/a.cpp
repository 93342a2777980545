// Says what it is for.
auto t = std::chrono::steady_clock::now();
