"""Lemmy 0.19: reports in; posts, comments and accounts out. Its pictures are pict-rs'."""
