"""Peers' posts as rows of a listing: for who comes to a server that has stood for years."""

from heed.ports import Listed, ListedFile, PeerPost


def listed(post: PeerPost) -> Listed:
    """The post, as `ports.Listing` gives it."""
    return Listed(
        ref=post.ref,
        url=post.url,
        kind=post.kind,
        account_ref=post.account_ref,
        reshare_of=post.reshare_of,
        published_at=post.published_at,
        text=post.text,
        files=tuple(ListedFile(url=one.url, preview_url=one.preview_url) for one in post.files),
    )
