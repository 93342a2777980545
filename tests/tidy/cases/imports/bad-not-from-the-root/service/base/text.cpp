// Says what it is for.
#include "text.h"
