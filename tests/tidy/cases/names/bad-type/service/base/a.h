// Says what it is for.
class Manager {};
