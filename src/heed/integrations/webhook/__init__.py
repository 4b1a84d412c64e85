"""A platform that is told by signed callbacks (Standard Webhooks)."""
