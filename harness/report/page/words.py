"""The words that the page uses, for a reader who has nothing but the page."""

from __future__ import annotations

from typing import Final

WORDS: Final = (
    ("control", "the code that is to be deleted; right in some cells and wrong in others"),
    ("candidate", "the code that is to replace it"),
    ("path", "a piece of the control that is deleted alone; open: proven enough to go"),
    ("(given)", "not code: the candidate's first look at the world, before anybody acted"),
    ("(unhandled)", "not code: what happened and no path of the control listens to"),
    ("scenario", "the world before, what people, banks and the clock do, what must be true after"),
    ("cell", "one act and all that it sets off, done by both and compared"),
    ("AGREE", "the two left every compared field alike"),
    ("RULED", "they differ, and signed rulings accept every difference"),
    ("DIVERGE", "they differ, and no ruling accepts it"),
    ("DRIFT", "the control is not what was observed, or lacks a fault that is listed"),
    ("UNSTABLE", "the same input gave another result the second time"),
    ("ERROR, TIMEOUT, NOT_RUN", "nothing was compared; never agreement"),
    (
        "class",
        (
            "SOUND: the control did what is right, so the candidate must agree. REPAIR or TWIST: "
            "it left something broken, or another end than is due. UNDECIDABLE: nobody can say "
            "what is due, or nothing reached the control"
        ),
    ),
    ("free run", "each alone through the whole scenario; KEPT: the end is as written beforehand"),
    ("ruling", "a signed acceptance of exact values, which expires"),
    ("fault", "a known fault of the control, by its number"),
    ("leak", "wrong values that a ruling would have let pass, tried one by one"),
    ("branch", "a turn in the control's code; each must have been taken in a cell that counts"),
    ("curated, recorded", "written by hand; made of what production delivered"),
    (
        "rehearsal",
        "evidence of hand-written scenarios: the proof works, nothing may be deleted yet",
    ),
)
"""Word → what it means."""
