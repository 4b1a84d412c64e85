"""Where a site's pictures and videos lie already: a directory, a bucket, a list of addresses."""
