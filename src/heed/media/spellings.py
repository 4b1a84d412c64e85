"""The same address, as people and apps write it."""

import re

# What browsers and apps add to a link that is shared or followed; it never names another thing.
_SHARING = re.compile(
    r"(utm_\w+|fbclid|gclid|dclid|msclkid|twclid|ttclid|yclid|igsh|igshid|mibextid|mc_[ce]id"
    r"|ref|ref_src|ref_url|referrer|share|share_id|shared|source|src|si|feature|context)(=|$)"
)


def spellings(url: str) -> list[str]:
    """Addresses that are the same place, the likeliest first. People paste what a browser shows.

    A fragment is never sent to a server, and apps add names of their own to a link that is shared.
    """
    plain = url.partition("#")[0]
    found = [url]
    for one in (plain, _unshared(plain)):
        path, mark, query = one.partition("?")
        found += [one, path.rstrip("/") + mark + query, path.rstrip("/") + "/" + mark + query]
    return list(dict.fromkeys(found))


def _unshared(url: str) -> str:
    """The address without what was added when the link was shared."""
    path, _, query = url.partition("?")
    kept = [one for one in query.split("&") if one and not _SHARING.match(one)]
    return f"{path}?{'&'.join(kept)}" if kept else path
