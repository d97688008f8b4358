"""Incidents at the portal: a gateway's ledger is followed, what was halted becomes incidents."""
