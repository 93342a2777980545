// Says what it is for.
#include <simdjson.h>
