// Says what it is for: /api/v1/users is read by its row.
int rows();
