// a
// b
// c
// d
#pragma once
