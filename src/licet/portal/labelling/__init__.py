"""Samples that people label: assessments and data sets rest on them."""
