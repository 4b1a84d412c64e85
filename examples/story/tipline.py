"""The stand-in for NCMEC, as the story sees it: what it was told, and how it is made to fail."""

import re
from typing import Any

import httpx2

CONTEXT = "case-context.txt"  # all that the case knows: it goes with every report


class Tipline:
    """A client of the stand-in's own side."""

    def __init__(self, url: str) -> None:
        self._http = httpx2.Client(base_url=url, timeout=10)

    def close(self) -> None:
        """Go."""
        self._http.close()

    def pretend(self, on: str, fault: str) -> None:
        """Let the next call of this kind go wrong."""
        self._http.post("/pretend", json={"on": on, "faults": [fault]}).raise_for_status()

    def filed(self) -> list[dict[str, Any]]:
        """The reports that it has for good."""
        return [one for one in self._reports() if one["finished_at"]]

    def opened(self) -> int:
        """How many reports were ever opened."""
        return len(self._reports())

    def _reports(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._http.get("/pretend/facts").json()["reports"]
        return found


def said_in(report: dict[str, Any]) -> str:
    """Age, police number and viewed flags of a report, in a few words."""
    told = str(report.get("xml", ""))
    ages = re.findall(r"<age>(\d+)</age>", told)
    numbers = re.findall(r"<caseNumber>([^<]+)<", told)
    details = [str(file["details"]) for file in report.get("files", {}).values()]
    viewed = sum("fileViewedByEsp>true<" in one for one in details)
    told_not = sum("fileViewedByEsp>false<" in one for one in details)
    return "; ".join([*ages, *numbers, f"{viewed} of {viewed + told_not} files viewed"])
