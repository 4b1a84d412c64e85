"""Townsquare: a small social site that shows how a platform works with Heed.

Read `heed_client.py` first: it is the whole integration. `obey.py` keeps what Heed asks for,
`courier.py` sees that Heed learns of everything, and the rest is an ordinary small site.
"""
