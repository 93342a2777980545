// Says what it is for.
#include <gtest/gtest.h>
#include "service/journal/pg_internal.h"
