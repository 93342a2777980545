#include "service/base/a.h"
