// Says what it is for.
// TODO later
