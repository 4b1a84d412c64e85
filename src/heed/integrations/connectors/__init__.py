"""What the connectors have in common: credentials, and questions to a peer's interface."""
