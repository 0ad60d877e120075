-- A report that reads from one snapshot, and whose transaction nobody ends.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT severity, count(*) FROM alerts GROUP BY severity;
