"""Death at a failpoint, for a flow that runs in the process of the test: nothing handles it."""


class Killed(BaseException):
    """Nobody catches it, as nobody catches `kill -9`."""


def die(name: str) -> None:
    """Stands in for `failpoints.reached`: what was committed by now is all that is left."""
    raise Killed(name)
