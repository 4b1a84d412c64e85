"""A folder into which somebody puts lists, such as those that a hotline gives its members."""
