"""Judges outside, kind by kind: how each is asked and how its answer is read. Pure.

A module for each family; `registry` names them all. Sending is the business of `gateway/judge.py`.
"""
