"""What becomes of CronWorkflows and of ended runs as time goes on; pure: ``now`` is an argument.

``ticks`` says when, ``decisions`` what is to be done at a tick, ``children`` what starts and what became of
it, ``lifetimes`` when an ended run is forgotten. The service layer reads and keeps the objects.
"""
