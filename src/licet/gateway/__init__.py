"""The data plane between clients and the model. It does not know the portal."""
