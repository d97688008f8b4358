"""What every part may use: clock, ids, canonical bytes, errors. It knows nothing of ours."""
