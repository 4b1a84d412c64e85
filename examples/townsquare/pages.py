"""The pages, as plain functions from facts to HTML. Whatever a person wrote goes through `e`."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape as e
from typing import NamedTuple
from urllib.parse import quote

Files = Mapping[str, Sequence[sqlite3.Row]]
NEUTRAL = {
    401: ("Please come in first", "Pick a name at the top of the page. There is no sign-up."),
    404: ("Nothing here", "This page doesn't exist, or isn't available."),
    409: ("That can't be reshared", "This post can't be reshared right now."),
    410: ("Gone", "This post was taken down and won't come back."),
    413: ("Too large", "A post takes up to four pictures or videos, 32 MB each."),
    415: (
        "Not a picture or video",
        "We show JPEG, PNG, GIF and WebP pictures, MP4 and WebM videos.",
    ),
    422: ("That didn't work", "We couldn't publish this post."),
}
HELD = "Thanks! Your post is being checked. It appears by itself as soon as that is done."


class Frame(NamedTuple):
    """What every page needs to know."""

    viewer: str | None  # the account, if one is signed in
    heed_url: str
    public_url: str
    ad: sqlite3.Row | None = None  # the post that holds the advertising slot


def page(frame: Frame, title: str, body: str, query: str = "") -> str:
    """One whole page."""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{e(title)} · Townsquare</title>
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark"><link rel="stylesheet" href="/town.css">
<link rel="icon" href="/icon.svg"></head>
<body><a class="skip" href="#main">Skip to content</a>
<header><a class="name" href="/">Townsquare</a>
<form action="/search" role="search"><input name="q" type="search" value="{e(query)}"
 placeholder="Search the square" aria-label="Search the square"></form>
<nav aria-label="Main"><a href="/trending">Trending</a>{_who(frame)}</nav></header>
<div class="cols"><main id="main">{body}</main><aside>{_ad(frame.ad)}</aside></div>
<footer>An example site, with made-up people. Anything here that should not be?
<a href="{e(frame.heed_url)}/">Get it taken down</a>.</footer></body></html>"""


def _who(frame: Frame) -> str:
    if frame.viewer:
        name = e(frame.viewer)
        return f"""<a href="/messages">Messages</a><a href="/u/{name}">@{name}</a>
<form method="post" action="/leave"><button class="quiet">Leave</button></form>"""
    return """<form method="post" action="/enter">
<input name="name" required pattern="[a-z0-9_\\-]{2,24}" placeholder="pick a name"
 aria-label="Pick a name" autocapitalize="none"><button>Come in</button></form>"""


def _ad(ad: sqlite3.Row | None) -> str:
    if ad is None:
        return ""
    says = e(ad["text"][:80]) or "A picture worth seeing"
    return f"""<section class="ad"><small>Promoted · a pretend advertisement</small>
<a href="/p/{ad["id"]}">{says}</a><span>by @{e(ad["account"])}</span></section>"""


def _media(ref: str, files: Sequence[sqlite3.Row], *, large: bool) -> str:
    def one(home: str, n: int, kind: str) -> str:
        if large and kind.startswith("video/"):
            source = f'src="/f/{home}/{n}" poster="/t/{home}/{n}"'
            return f'<video controls preload="none" {source}></video>'
        where = "f" if large else "t"
        alt = "Video" if kind.startswith("video/") else "Picture"
        return f'<img src="/{where}/{home}/{n}" alt="{alt} {n + 1} of this post" loading="lazy">'

    if not files:
        return ""
    shown = "".join(one(f["home"], f["n"], f["type"]) for f in files)
    inner = shown if large else f'<a href="/p/{ref}" aria-label="Open the post">{shown}</a>'
    return f'<div class="media n{len(files)}">{inner}</div>'


def card(frame: Frame, post: sqlite3.Row, files: Files, *, large: bool = False) -> str:
    """One post, in a list or alone."""
    ref, name = post["id"], e(post["account"])
    when = datetime.fromisoformat(post["published_at"])
    again = (
        f"""<a class="again" href="/p/{post["reshare_of"]}">reshared</a>"""
        if post["reshare_of"]
        else ""
    )
    hue = sum(post["account"].encode()) % 6
    time = f'<time datetime="{when.isoformat()}">{when.day} {when:%b, %H:%M}</time>'
    return f"""<article class="post"><div class="by">
<span class="face h{hue}" aria-hidden="true">{name[:1].upper()}</span>
<a href="/u/{name}">@{name}</a>{again}<a class="when" href="/p/{ref}">{time}</a></div>
<p>{e(post["text"])}</p>{_media(ref, files.get(ref, ()), large=large)}
<div class="acts">{_acts(frame, post)}</div></article>"""


def _acts(frame: Frame, post: sqlite3.Row) -> str:
    ref = post["id"]
    notice = f"{frame.heed_url}/notice?url={quote(f'{frame.public_url}/p/{ref}', safe='')}"
    acts = [f"<span>{post['views']:,} {'view' if post['views'] == 1 else 'views'}</span>"]
    if frame.viewer and post["visibility"] == "visible":
        acts.append(_button(f"/p/{ref}/reshare", f"Reshare · {post['reshares']:,}"))
    else:
        acts.append(f"<span>{post['reshares']:,} reshares</span>")
    if frame.viewer == post["account"]:
        acts.append(_button(f"/p/{ref}/delete", "Delete"))
    acts.append(f'<a class="report" href="{e(notice)}">Report</a>')
    return "".join(acts)


def _button(action: str, words: str) -> str:
    return f'<form method="post" action="{action}"><button class="quiet">{words}</button></form>'


def listing(frame: Frame, title: str, posts: Sequence[sqlite3.Row], files: Files) -> str:
    """A list of posts under a heading."""
    cards = "".join(card(frame, post, files) for post in posts)
    return f"<h1>{e(title)}</h1>" + (cards or '<p class="empty">Nothing here yet.</p>')


def reshared_by(posts: Sequence[sqlite3.Row]) -> str:
    """Who passed a post on, newest first."""
    who = ", ".join(f'<a href="/p/{post["id"]}">@{e(post["account"])}</a>' for post in posts)
    return f'<p class="again">Reshared by {who}</p>' if who else ""


def composer(frame: Frame) -> str:
    """Where a signed-in person writes."""
    if not frame.viewer:
        return ""
    return """<form class="compose" method="post" action="/posts" enctype="multipart/form-data">
<label for="text">What's happening?</label>
<textarea id="text" name="text" rows="3" maxlength="2000"></textarea>
<div><input type="file" name="files" multiple accept="image/*,video/*"
 aria-label="Pictures or videos, up to four">
<button>Post</button></div></form>"""


def older(posts: Sequence[sqlite3.Row]) -> str:
    """The way on to older posts."""
    return (
        f'<a class="older" href="/?before={posts[-1]["seq"]}">Older</a>' if len(posts) == 20 else ""
    )


def waiting(posts: Sequence[sqlite3.Row]) -> str:
    """What its author alone is told about a post that isn't published."""
    told = {"held": HELD, "refused": NEUTRAL[422][1]}
    return "".join(
        f'<p class="note">{told[post["status"]]} <q>{e(post["text"][:60])}</q></p>'
        for post in posts
    )


def messages(rows: Sequence[sqlite3.Row]) -> str:
    """The statements of reasons that an account was given."""

    def one(row: sqlite3.Row) -> str:
        said = json.loads(row["statement"])
        facts = "".join(f"<dt>{e(one['label'])}</dt><dd>{e(one['text'])}</dd>" for one in said)
        appeal = f'<a class="button" href="{e(row["appeal_url"])}">Ask for another look</a>'
        title = f"<h2>About your post {e(row['item'])}</h2>"
        return f'<article class="post">{title}<dl>{facts}</dl>{appeal}</article>'

    return "<h1>Messages</h1>" + ("".join(map(one, rows)) or '<p class="empty">No messages.</p>')


def neutral(status: int) -> str:
    """A page that says no, and nothing more: a hidden post reads as one that never was."""
    title, words = NEUTRAL[status]
    return f'<h1>{title}</h1><p>{words}</p><p><a href="/">Back to the square</a></p>'
