// Says what it is for.
#include "tests/sim/org.h"
