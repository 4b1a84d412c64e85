"""NCMEC's hash sharing, version 2: its words stay inside this folder."""
