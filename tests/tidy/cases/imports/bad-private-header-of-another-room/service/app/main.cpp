// Says what it is for.
#include "service/journal/pg_internal.h"
