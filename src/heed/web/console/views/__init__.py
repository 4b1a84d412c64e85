"""The console's pages. Each view names its permission."""
