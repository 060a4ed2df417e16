CREATE TABLE incidents (day TEXT, service TEXT, cause TEXT, remedy TEXT);
INSERT INTO incidents VALUES ('2026-02-11', 'checkout', 'connection pool used up after a sale began', 'pool_size 20 to 30');
INSERT INTO incidents VALUES ('2026-04-02', 'search', 'index was rebuilt at noon', 'rebuild moved to 03:00');
