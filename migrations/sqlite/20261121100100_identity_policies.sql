-- SQLite has no row-level security: there the predicates of the statements stand alone.
SELECT 1;
