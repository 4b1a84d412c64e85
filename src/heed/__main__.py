"""`python -m heed`: the command line."""

from heed.cli import main

main()
