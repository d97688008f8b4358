"""Disguises: how people write a phrase so that it is read but not found."""
