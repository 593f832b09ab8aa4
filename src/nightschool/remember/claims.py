"""Facts that can change: what a statement settles, so that a newer one takes the place of the older.

Only plain statements of something that has one value at a time (a name, a number, a favourite) are read; whatever else
is said stands beside what was said before.
"""

from __future__ import annotations

import re

_NAME = r"[A-Z][\w-]*(?: [A-Z][\w-]*){0,2}"
_SINGLE = re.compile(
    r"^(?:favou?rite .+|.*\b(?:name|surname|nickname|number|code|password|address|e-?mail|age|birthday|birthplace|job|"
    r"profession|employer|boss|manager|owner|leader|doctor|dentist|landlord|home|home ?town|city|country|capital|"
    r"language|nationality|height|weight|size|colou?r|price|salary|rent|status|deadline|version|username|"
    r"handle|timezone|diet))$"
)
_LEAD = re.compile(r"^(?:actually|now|note that|remember that|update)[:,]?\s+", re.I)
_OWN = re.compile(r"^(?:[Mm]y|[Oo]ur) (?P<what>[\w-]+(?: [\w-]+){0,3}?) (?:is|are) \S")
_HAS = re.compile(rf"^(?P<who>{_NAME})'s (?P<what>[\w-]+(?: [\w-]+){{0,3}}?) (?:is|are) \S")
_DOES = re.compile(rf"^(?P<who>{_NAME}) (?:now |currently )?(?P<what>live|work)s? (?P<how>in|as|at|for) \S")
_OF = re.compile(r"^[Tt]he (?P<what>[\w-]+(?: [\w-]+){0,2}?) of (?P<who>[\w-]+(?: [\w-]+){0,3}?) (?:is|are) \S")


def claim_of(text: str, who: str = "") -> str | None:
    """Return what `text` settles, in lower case; None where it settles nothing that one can tell. who: says it.

    >>> claim_of("My phone number is 555-0199.", who="Ann")
    "ann's phone number"
    >>> claim_of("Ann lives in Oslo now.")
    'ann live in'
    """
    text = _LEAD.sub("", text.strip())
    speaker = who.lower() or "i"
    if (found := _OWN.match(text)) and _SINGLE.match(found["what"].lower()):
        return f"{speaker}'s {found['what'].lower()}"
    if found := _DOES.match(text):
        name = speaker if found["who"] == "I" else found["who"].lower()
        return f"{name} {found['what']} {found['how']}"
    if (found := _HAS.match(text) or _OF.match(text)) and _SINGLE.match(found["what"].lower()):
        return f"{found['who'].lower()}'s {found['what'].lower()}"
    return None
