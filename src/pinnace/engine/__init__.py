"""What happens next: a pure function of a run's state, what happened, and the time.

``advance(run, events, now)`` returns the nodes that change and the commands to perform. Nothing in this
package does input or output, reads a clock, draws a random number or logs.
"""
