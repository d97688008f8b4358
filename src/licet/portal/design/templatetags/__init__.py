"""Tags that templates may use; Django finds them here by the name of the folder."""
