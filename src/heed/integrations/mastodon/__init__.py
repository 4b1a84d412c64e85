"""Mastodon: heard by its webhooks and admin interface, told by that and by a media gate."""
