"""What is told to an authority about a finding: its facts, what makes them whole, and good."""
