"""What the exchanges have in common: credentials, questions over HTTP, signals as others write."""
