// Says what it is for.
class InfoTable {};
class DataRow {};
const int& info(int code);
