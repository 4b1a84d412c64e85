"""What files look like: exact hashes, PDQ, and the confined child that decodes them."""
