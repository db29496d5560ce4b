"""The small process that keeps a run's tasks while Pinnace comes and goes.

One supervisor serves one run. It is started by ``pinnace.executors.process`` as ``python -I -S`` with nothing
but the standard library, because its size is what every fork of a task costs. Hence the two rules of this
package: it imports nothing of Pinnace outside itself, and its modules import one another relatively (it is
loaded as the top-level package ``supervisor`` there, and as part of ``pinnace`` by tests and type checks).

    start     the supervisor's process, from its configuration to its end
    main      the loop: client messages in, batches of updates out, the journal between them
    wire      messages over sockets
    journal   what survives the supervisor
    warden    the parent of one task: start, pump, stop, sweep, capture
    beside    commands beside a task's own
    sayings   what a task says in files
    output    a task's output as a log file and a result
    captures  copies of what a task leaves
    processes finding and ending process trees
    nursery   makes wardens inside a private view (Linux)
    view      which mounts make the view
    syscalls  the kernel calls that the standard library lacks
"""
