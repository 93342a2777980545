// Says what it is for.
sleep_ms(5);
