// Says what it is for.
#include <pqxx/pqxx>
#include "service/ports/journal.h"
