"""What follows from the facts of a case. Pure: no database, no request, no clock."""
