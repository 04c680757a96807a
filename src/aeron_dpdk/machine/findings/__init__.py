"""What is right and wrong with a host: pure functions from facts and intent to findings.

`examine` has them all, in order; `finding` says what a `Finding` is. The others have the findings, a file for
each subject.
"""
