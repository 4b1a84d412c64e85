"""StopNCII.org, where adults give hashes of their own pictures: its words stay in this folder."""
