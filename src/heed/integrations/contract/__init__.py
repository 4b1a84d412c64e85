"""Plays Heed's part against a site's callback, and says what the site does wrong."""
