// Says what it is for.
const char* const kList = "/api/v1/users";
