"""What is to be told to the outside, once decided."""
