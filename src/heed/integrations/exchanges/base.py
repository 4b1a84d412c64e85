"""What most exchanges do not do, said by name."""

from collections.abc import Mapping, Sequence
from typing import Any

from heed.ports import ExchangeRefused, SharedPage, SharedSignal, Word


class Base:
    """Answers for what an exchange does not offer."""

    def ask(self, name: str, said: Mapping[str, Any], values: Sequence[bytes]) -> SharedPage:
        """It gives lists."""
        raise NotImplementedError

    def tell(self, name: str, said: Mapping[str, Any], words: Sequence[Word]) -> int:
        """It does not listen: what people say of its signals stays here."""
        return len(words)

    def submit(self, name: str, said: Mapping[str, Any], signals: Sequence[SharedSignal]) -> int:
        """It takes nothing from us."""
        raise ExchangeRefused("this exchange takes no signals from us: leave out `submit_bank`")
