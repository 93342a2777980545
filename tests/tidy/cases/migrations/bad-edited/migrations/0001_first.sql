create table a (b int);
-- one more word
