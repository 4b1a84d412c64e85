"""Which version of the rules judged: kept with each claim, so that it can be judged anew.

Raise it with every change of triage, spread or gate that can restrict more than before.
"""

VERSION = "1"
