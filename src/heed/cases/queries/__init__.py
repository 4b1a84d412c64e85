"""Reading what was said and done. One module for each question."""
