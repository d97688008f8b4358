"""Dossiers of models at the portal: drafted, sealed, published in versions, inspected."""
