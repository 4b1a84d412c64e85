"""The way out: one HTTP exchange with an address that we may reach, bounded in bytes and time."""
