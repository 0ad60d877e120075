-- The roles of the sample. Passwords are hexadecimal digits, put in by the program.
CREATE ROLE pggit LOGIN PASSWORD '{pggit}';
CREATE ROLE reports LOGIN PASSWORD '{reports}' IN ROLE pggit;
CREATE ROLE ops LOGIN PASSWORD '{ops}' IN ROLE pggit, pg_monitor, pg_signal_backend;
