/* quarterdeck: which cluster this is */
SELECT s.system_identifier FROM pg_catalog.pg_control_system() AS s
