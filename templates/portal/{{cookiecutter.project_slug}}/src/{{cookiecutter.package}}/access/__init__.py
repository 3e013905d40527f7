"""Who may do what with whose things: roles and permissions as data, and the one filter that every query begins with."""
