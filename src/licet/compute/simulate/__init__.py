"""Policies on recorded or generated demand, round after round."""
