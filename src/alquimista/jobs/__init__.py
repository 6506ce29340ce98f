"""Jobs: work that is enqueued in the transaction that causes it and done by a worker, at least once.

Owns alquimista_platform.job_queue, job_log, job_statistics, job_schedules (PgQueuer's tables, see 018), workers, and
failed_jobs: one row, the tenant's own, beside each of its jobs that failed for good.
Invariants: a job exists exactly when its cause was committed; a job whose worker died is taken over by another one when
its heartbeat is stale; one that failed for good stays in job_queue as `failed` with a masked error in job_log; its
tenant travels in the payload, and the handler opens that tenant's transaction itself.
"""
