-- One commit by its number.
SELECT id, repository, author, message FROM commits WHERE id = $1
