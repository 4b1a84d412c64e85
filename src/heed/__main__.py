"""`python -m heed`: the command line."""

from heed import garbage

garbage.rarely()

from heed.cli import main  # noqa: E402  (what takes long to load)

main()
