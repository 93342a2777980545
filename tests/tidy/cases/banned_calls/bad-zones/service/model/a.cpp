// Says what it is for.
std::chrono::zoned_time z;
