// Says what it is for.
#include "service/model/plan.h"
