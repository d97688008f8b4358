"""How the tables of dossiers came to be, step by step."""
