-- What clients ask for.
SELECT id, repository, author, message FROM commits WHERE id <= $1 ORDER BY id
