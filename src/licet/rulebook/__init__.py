"""The law as data: packs of TOML, loaded and checked. It knows no code that obeys them."""
