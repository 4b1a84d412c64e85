"""The vault: sealed with age, kept in a directory or in S3, opened by few."""
