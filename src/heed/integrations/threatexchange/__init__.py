"""Meta's ThreatExchange: its words stay inside this folder."""
