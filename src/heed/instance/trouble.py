"""What goes wrong with a machine, said in one line that names the remedy."""


class Trouble(Exception):
    """Something an operator can put right. The command line prints the message and no traceback."""
