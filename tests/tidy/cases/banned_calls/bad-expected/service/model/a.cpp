// Says what it is for.
#include <expected>
