// Says what it is for.
long f() { return std::chrono::system_clock::now().time_since_epoch().count(); }
