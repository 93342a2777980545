// Says what it is for.
auto e = make_error(ErrorCode::a_b, "no");
