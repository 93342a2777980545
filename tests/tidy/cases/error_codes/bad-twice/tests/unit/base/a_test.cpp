// Says what it is for.
f(ErrorCode::a_b, ErrorCode::a_c);
