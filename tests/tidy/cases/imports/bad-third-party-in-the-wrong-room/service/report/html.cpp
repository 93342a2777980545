// Says what it is for.
#include <Poco/JSON/Object.h>
