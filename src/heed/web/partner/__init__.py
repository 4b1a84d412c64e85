"""The partners' door: their own page, their keys, and their lists."""
