"""What takes long is watched: on the error output, with a bar where that is a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from heed.instance.backup.contents import Progress


@contextmanager
def watched() -> Iterator[Progress]:
    """What is being done, and how far: on the error output, where somebody watches."""
    from rich.console import Console
    from rich.progress import DownloadColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    if not console.is_terminal:
        yield Progress(say=lambda line: print(line, file=sys.stderr, flush=True))
        return
    columns = (TextColumn("{task.description}"), DownloadColumn(), TimeElapsedColumn())
    with Bars(*columns, console=console) as shown:
        tasks = [shown.add_task("")]

        def say(line: str) -> None:
            tasks.append(shown.add_task(line))

        yield Progress(say=say, went_on=lambda count: shown.advance(tasks[-1], count))
