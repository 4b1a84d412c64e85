"""The door for platforms that speak in their own words."""
