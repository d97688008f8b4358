"""Orders of access at the portal: asked for, agreed to, told, opened by several people, ended."""
