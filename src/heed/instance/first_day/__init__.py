"""`heed init`: from nothing to a site that is protected, in questions that a person can answer."""
