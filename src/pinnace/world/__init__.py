"""The embedded world: what ``pinnace run --world`` brings up instead of the services on the network.

An emulator of AWS (S3, SNS, SQS, STS) and an HTTP server that answers like the posts API of jsonplaceholder,
with faults. Both live in this process and forget everything at its end. Nothing of it is imported, and none
of its addresses or credentials reach a task, unless that option is given.
"""
