"""How the tables of the door came to be, step by step."""
