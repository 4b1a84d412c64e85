"""Rings the duty person: by mail and push, and in the channel that the team reads."""
