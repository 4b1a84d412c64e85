"""The case that Heed exists for, played live over HTTP, with what was promised measured outside."""
