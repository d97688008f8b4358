"""Text in, verdicts out; decides what may be released. No I/O, no HTTP, no users, no storage."""
