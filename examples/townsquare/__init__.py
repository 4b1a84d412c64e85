"""Townsquare: a small social site that shows how a platform works with Heed.

Its line to Heed is the package `heed_client`, in `clients/python`. `obey.py` keeps what Heed asks
for, `courier.py` sees that Heed learns of everything, and the rest is an ordinary small site.
"""
