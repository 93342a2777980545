// Says what it is for.
#pragma once
