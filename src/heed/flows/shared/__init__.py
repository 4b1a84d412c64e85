"""Steps that several stories share. Each runs in the transaction of the step that calls it."""
