/* quarterdeck: gives back all that it has, and its own name with it; our sessions have no other locks of this kind */
SELECT pg_catalog.pg_advisory_unlock_all(), pg_catalog.set_config('application_name', $1, false)
