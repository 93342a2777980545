// What a plan shows.
const char* const kCreate = "/api/v1/groups";
