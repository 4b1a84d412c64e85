"""Push services of browsers: one empty message, signed for by us (RFC 8030, RFC 8292)."""
