"""Where jobs run: one contract, a local executor for one machine, Slurm for a pool."""
