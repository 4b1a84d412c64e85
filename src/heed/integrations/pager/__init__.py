"""Rings the duty person: by mail, and in the channel that the team reads."""
