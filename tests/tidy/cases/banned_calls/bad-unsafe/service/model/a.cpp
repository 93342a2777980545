// Says what it is for.
sprintf(buffer, text);
