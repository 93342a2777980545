// Says what it is for.
const char* const kToken = "/oauth2/v1/token";
