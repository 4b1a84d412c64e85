"""NCMEC's CyberTipline: its wire words, its reporting API, and a stand-in for both."""
