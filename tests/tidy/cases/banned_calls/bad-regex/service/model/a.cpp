// Says what it is for.
std::regex r("a");
