"""What templates may ask of the outbox."""
