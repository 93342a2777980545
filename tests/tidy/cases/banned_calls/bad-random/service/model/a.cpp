// Says what it is for.
std::random_device seed;
