"""The EU's DSA Transparency Database: a client, and a stand-in for it."""
