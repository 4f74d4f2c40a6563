"""What runs a check, apart from the exercises themselves.

`engine` runs a check, first in a copy of the process (`forked_copy`), under a time limit
(`limits`), with the reader's function watched (`guard`) and its side effects undone (`traces`).
`compare` holds what checks use to compare, `arrays` takes answers of every type, `parts` answers of
several parts, `samples` has numbers to try them on, `progress` remembers what is solved. The folder
is not called ``check``, since the function of this name, which readers import from `pdl.exercises`,
would hide it.
"""
