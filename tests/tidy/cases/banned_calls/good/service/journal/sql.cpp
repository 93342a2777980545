// Says what it is for.
const char* const kSql = R"sql(
  select now(), pg_sleep(0) -- sleep(1)
)sql";
const char* const kText = "std::regex and system(\"x\")";  // sleep_for is banned
const int kThousand = 1'000;
int poll(int now) { return now; }
