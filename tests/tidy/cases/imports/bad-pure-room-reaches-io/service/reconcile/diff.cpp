// Says what it is for.
#include "service/ports/journal.h"
