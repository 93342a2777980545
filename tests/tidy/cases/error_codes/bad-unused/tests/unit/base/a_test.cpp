// Says what it is for.
EXPECT_EQ(e.code, ErrorCode::a_b);
