"""Arachnid Shield of the Canadian Centre for Child Protection: only hashes are sent there."""
