"""How the tables of families came to be, step by step."""
