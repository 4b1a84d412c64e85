"""One encrypted file with all that an instance is, and the way back from it.

The file is `tar`, encrypted by `age` for the operator's recovery key: without Heed,
`age -d -i KEY FILE | tar x` and `cat database/* | pg_restore` bring back what was there.
"""
