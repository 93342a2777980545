// Says what it is for.
#include <simdjson.h>
#include <unistd.h>
#include "connectors/http/client.h"
