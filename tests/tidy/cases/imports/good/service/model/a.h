// Says what it is for.
#pragma once
#include <string>
#include <fmt/core.h>
#include "service/base/text.h"
