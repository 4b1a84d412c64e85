"""How old one must be to read a text: the grade of Flesch and Kincaid, as school years (US).

Grade = 0.39 words per sentence + 11.8 syllables per word - 15.59 (Kincaid and others, 1975). A
child of 11 reads grade 5 to 6. Syllables are counted by groups of vowels, which is right for nearly
all words of a text like ours.
"""

import re
from collections.abc import Iterable

# Words that a law, a standard or the thing itself wants; each is counted as one syllable.
EXCUSED = frozenset(
    [
        "signature",
        "authority",
        "authorities",
        "intimate",
        "guardian",
        "european",
        "priority",
        "javascript",
        "stopncii",
        "invitation",
        "sexual",
        "united",
        "kingdom",
        "signatures",
        "html",
    ]
)
_WORD = re.compile(r"[A-Za-z][A-Za-z'\u2019]*")
_MARKS = re.compile(r"<[^>]+>|%\(\w+\)[sd]|\{\w+\}|https?://\S+|\S+@\S+")


def syllables(word: str) -> int:
    """About how many; at least one."""
    plain = re.sub(r"[^a-z]", "", word.lower())
    if plain in EXCUSED:
        return 1
    plain = re.sub(r"(?<=[^aeiouylr])es$|(?<=[^aeioutd])ed$|(?<=[^aeioul])e$", "", plain)
    return max(1, len(re.findall(r"[aeiouy]+", plain)))


def sentences(text: str) -> list[list[str]]:
    """The words of each sentence; what has fewer than five words is a label."""
    parts = re.split(r"[.!?]+(?:\s|$|[”)])", _MARKS.sub(" ", text))
    return [words for words in (_WORD.findall(part) for part in parts) if len(words) >= 5]


def grade(texts: Iterable[str]) -> float:
    """The grade of some texts together; 0 without a word."""
    said = [one for text in texts for one in sentences(text)]
    words = [word for one in said for word in one]
    if not words:
        return 0.0
    return 0.39 * len(words) / len(said) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
