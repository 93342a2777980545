// Says what it is for.
