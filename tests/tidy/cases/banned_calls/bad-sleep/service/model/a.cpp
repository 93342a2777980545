// Says what it is for.
std::this_thread::sleep_for(x);
