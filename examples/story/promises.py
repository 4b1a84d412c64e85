"""What the story promises, what was measured, and whether it held."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Promise:
    """One row of the table. `held` is None for a figure that promises nothing."""

    what: str
    measured: str
    held: bool | None = None


@dataclass(slots=True)
class Table:
    """The rows, in the order in which they were measured."""

    rows: list[Promise] = field(default_factory=list)

    def say(self, what: str, measured: str, held: bool | None = None) -> None:
        """Add a row."""
        self.rows.append(Promise(what, measured, held))

    @property
    def held(self) -> bool:
        """Whether every promise held."""
        return all(row.held is not False for row in self.rows)
