"""The upload gate's fast side: questions that can be answered without the database, are."""
