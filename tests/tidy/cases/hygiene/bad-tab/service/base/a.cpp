// Says what it is for.
	int a;
