// Says what it is for.
#include "connectors/okta/codec.h"
