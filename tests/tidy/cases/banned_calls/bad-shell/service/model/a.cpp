// Says what it is for.
system(command);
