"""An agent that answers a few requests, pauses when it is asked to, and really restarts (examples/README.md)."""

import os
import random
import time

from alquimista.sdk import Agent

with Agent(
    os.environ["ALQUIMISTA_URL"],
    os.environ["ALQUIMISTA_KEY"],
    os.environ["ALQUIMISTA_AGENT"],
    version="1.0.0",
    instance=os.environ.get("ALQUIMISTA_INSTANCE", ""),
    spool_dir=os.environ.get("ALQUIMISTA_SPOOL"),
    beat_s=float(os.environ.get("ALQUIMISTA_BEAT_S", "10")),
) as agent:
    print("started", os.getpid(), agent.boot_id, flush=True)
    while agent.wait_until_resumed():
        with agent.request() as request:
            time.sleep(random.uniform(0.05, 0.2))  # Here the model would think.
            request.model("gpt-5-mini")
            request.tokens(input_tokens=random.randint(100, 500), output_tokens=random.randint(20, 200))
        time.sleep(0.2)
