"""Asks, and keeps each answer as it is given: what was said is never lost to what was said wrong.

An answer comes from a flag, else from the file of answers, else from the keyboard, where what was
said before, or what is usual, is taken by pressing Enter. Without a keyboard the last two count.
"""

import json
import re
import sys
import textwrap
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from heed.instance import env_file
from heed.instance.first_day.questions import CHAPTERS, QUESTIONS, Chapter, Question
from heed.instance.first_day.reading import BadAnswer
from heed.instance.trouble import Trouble

_WIDTH = 88  # of what is read on a screen
Say = Callable[[str], None]
Type = Callable[[str], str]  # shows a prompt, gives the line that was typed
Check = Callable[[Mapping[str, str]], None]  # raises `BadAnswer`


class NotAnswered(Trouble):
    """Answers are missing or can't be. The message has a line for each; what was good is kept."""


class Draft:
    """The answers so far, in a file of their own until all is done. There are passwords in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.said = answers_in(path) if path.exists() else {}

    def keep(self, name: str, answer: str) -> None:
        """One more answer, on the disk before the next question is asked."""
        self.said[name] = answer
        lines = ["# What `heed init` was told so far. It goes when all is set up.", *(
            f"{one} = {json.dumps(said, ensure_ascii=False)}" for one, said in self.said.items()
        )]  # fmt: skip
        env_file.write(self.path, "\n".join(lines) + "\n")

    def forget(self) -> None:
        """All is set up."""
        self.path.unlink(missing_ok=True)


def answers_in(path: Path) -> dict[str, str]:
    """A file of answers: `name = "answer"`, in TOML. Raises `NotAnswered`, which says where."""
    try:
        with path.open("rb") as file:
            told = tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as wrong:
        raise NotAnswered(f'{path}: {wrong}. Write lines such as site = "Square".') from None
    strange = sorted(set(told) - {one.name for one in QUESTIONS})
    if strange:
        raise NotAnswered(f"{path} answers {', '.join(strange)}, which heed init does not ask.")
    return {name: _text(answer) for name, answer in told.items()}


def _text(answer: object) -> str:
    return ", ".join(map(str, answer)) if isinstance(answer, list) else str(answer)


class Asker:
    """Goes through the questions. `given` are flags and the file; `known` is set already."""

    def __init__(
        self, *, given: Mapping[str, str], known: Mapping[str, str], draft: Draft,
        checks: Mapping[str, Check], say: Say, type_in: Type | None,
    ) -> None:  # fmt: skip
        self._given, self._known, self._draft = given, dict(known), draft
        self._checks, self._say, self._type = checks, say, type_in
        self.said: dict[str, str] = dict(known)
        self.fresh: dict[str, str] = {}  # what was answered now
        self.otherwise: list[str] = []  # flags that say otherwise than what is set
        self._wrong: list[str] = []

    def ask(self, chapters: Iterable[Chapter] = CHAPTERS) -> None:
        """Asks what is not known yet. Raises `NotAnswered` at the end, with all that is wrong."""
        for chapter in chapters:
            self._title(chapter)
            for question in chapter.questions:
                if question.needed(self.said):
                    self._one(question)
        if self._wrong:
            raise NotAnswered(
                "\n  ".join(["some answers are missing or can't be:", *self._wrong])
                + f"\nThe others are kept in {self._draft.path}, and are not asked for again."
            )

    def look_again(self) -> None:
        """Shows what was answered now; any of it may be answered anew before it is used."""
        assert self._type is not None
        by_name = {one.name: one for one in QUESTIONS}
        while self.fresh:
            self._say("\nWhat you said:")
            for name, answer in self.fresh.items():
                self._say(f"  {name:>15}  {shown(by_name[name], answer)}")
            typed = self._typed("Enter if that is right; else the name of what is not: ").strip()
            if not typed:
                return
            if typed in self.fresh:
                self._again(by_name[typed])
            else:
                self._say(f"  There is no {typed!r} among them.")

    def _again(self, question: Question) -> None:
        answer = self._from_keyboard(question)
        self.said[question.name] = self.fresh[question.name] = answer
        self._draft.keep(question.name, answer)
        for one in QUESTIONS:  # what only now has to be asked, or no longer
            if one.name not in self.said and one.needed(self.said):
                self._one(one)
            elif one.name in self.fresh and not one.needed(self.said):
                del self.said[one.name], self.fresh[one.name]

    def _title(self, chapter: Chapter) -> None:
        asked = [one for one in chapter.questions if one.name not in self._known]
        if self._type and any(one.needed(self.said) for one in asked):
            why = textwrap.fill(chapter.why, width=_WIDTH)
            self._say(f"\n{chapter.title}\n{'-' * len(chapter.title)}\n{why}")

    def _one(self, question: Question) -> None:
        name = question.name
        if name in self._known:
            self._compare(question)
            return
        answer = self._from_given(question)
        if answer is None and self._type:
            answer = self._from_keyboard(question)
        elif answer is None and name not in self._given:
            answer = self._usual(question)
        if answer is not None:
            self.said[name] = self.fresh[name] = answer
            if self._type or name in self._given:  # what is only usual may be another next time
                self._draft.keep(name, answer)

    def _compare(self, question: Question) -> None:
        """What is set stays. A flag that says otherwise is not obeyed in silence."""
        known, given = self._known[question.name], self._given.get(question.name)
        if given is not None and _tried(question.read, given) != known:
            self.otherwise.append(question.name)

    def _from_given(self, question: Question) -> str | None:
        if question.name not in self._given:
            return None
        try:
            return self._read(question, self._given[question.name])
        except BadAnswer as wrong:
            self._refuse(question, str(wrong))
            return None

    def _refuse(self, question: Question, why: str) -> None:
        if self._type:
            self._say(f"  That can't be ({question.name}): {why}.")
        else:
            self._wrong.append(f"--{question.name}: {why}")

    def _usual(self, question: Question) -> str | None:
        usual = self._before(question)
        if usual is None:
            self._wrong.append(f"--{question.name} is missing: {question.asks} ({question.help})")
            return None
        try:
            return self._read(question, usual)
        except BadAnswer as wrong:
            self._refuse(question, str(wrong))
            return None

    def _before(self, question: Question) -> str | None:
        before = self._draft.said.get(question.name)
        return before or (question.default(self.said) if question.default else None)

    def _from_keyboard(self, question: Question) -> str:
        assert self._type is not None
        usual = self._before(question)
        shown = "" if usual is None else f" [{_masked(usual) if question.secret else usual}]"
        self._say(f"\n{question.asks}  ({question.help})")
        while True:
            typed = self._typed(f"  {question.name}{shown}: ").strip() or usual or ""
            try:
                return self._read(question, typed)
            except BadAnswer as wrong:
                self._say(f"  That can't be: {wrong}.")

    def _typed(self, prompt: str) -> str:
        assert self._type is not None
        try:
            return self._type(prompt)
        except EOFError:
            raise NotAnswered(
                f"there is nobody to answer. What was said is kept in {self._draft.path}: run "
                "heed init again, or give the answers as flags with --no-input."
            ) from None

    def _read(self, question: Question, typed: str) -> str:
        answer = question.read(typed)
        check = self._checks.get(question.name)
        if check is not None:
            check(self.said | {question.name: answer})
        return answer


def _tried(read: Callable[[str], str], given: str) -> str:
    try:
        return read(given)
    except BadAnswer:
        return given


def _masked(answer: str) -> str:
    """An answer with the password in it left out."""
    password = urlsplit(answer).password if "://" in answer else None
    if password:
        return answer.replace(f":{password}@", ":***@")
    return answer if "://" in answer or re.fullmatch(r"[a-z]+", answer) else "***"


def shown(question: Question, answer: str) -> str:
    """An answer as it may stand on a screen."""
    return _masked(answer) if question.secret else answer


def keyboard() -> Type:
    """Reads from the terminal, or from what stands in its place."""

    def type_in(prompt: str) -> str:
        sys.stdout.write(prompt)
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line

    return type_in
