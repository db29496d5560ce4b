"""Argo's own manifests, each decoded, linted and run by Pinnace: how many end as they do on a cluster.

``make conformance`` runs all of them and writes ``docs/conformance.md``. While you work on a feature::

    python -m conformance --only daemon                # manifests whose path holds "daemon"
    python -m conformance --class configmap,database   # whole classes: the column `needs` of the table
    python -m conformance --only sidecar --keep /tmp/k # leaves each run's home there, with logs and database
    python -m conformance --only sidecar --nodes       # prints every node of a run at its end

A choice of manifests prints its table instead of writing the document. The exit status is 1 when a manifest
of a class that must hold does not end as expected, or when the tool meets a defect.

The manifests are not of this repository: they lie in ``../shared/conformance`` and are read there. What a
manifest needs and does not hold itself is here:

    images.toml       what stands in for the suite's images
    namespace.yaml    the ConfigMaps and Secrets that the suite's CI makes
    manifests.toml    what is known of single manifests: what a user does meanwhile, parameters, what lies in
                      S3, and where the end that the table expects is not to be expected here, with the proof

    cases.py          a case: one row of the table, and what manifests.toml adds
    namespace.py      the documents that a manifest refers to
    plan.py           from a file to the workflows to run
    users.py          what users do to a run
    running.py        runs of one case in a home of their own
    verdicts.py       what an end means
    report.py         the table and the document
"""
