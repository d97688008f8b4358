"""The terminal rim: parse, call, render."""
