"""The addresses of computing power at the door for machines.

It refuses to know how an answer comes about.
"""

from __future__ import annotations

from licet.portal.api import computing
from licet.portal.api.endpoint import JSON, Endpoint, Gives, Param

_NAME = {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,39}$"}
_POOL = Param("pool", "Its name.", _NAME, required=True)
_NEED = Param("need", "Its id.", _NAME, required=True)
_JOB = Param("job", "Its id: that of its need.", _NAME, required=True)
_DIGEST = Param(
    "sha256", "SHA-256 of the body, in hexadecimal: the token is for this body alone.",
    {"type": "string", "pattern": "^[0-9a-f]{64}$"}, required=True,
)  # fmt: skip
_SENT = ("bad-body", "not-found", "too-large", "not-now")

COMPUTING: tuple[Endpoint, ...] = (
    Endpoint("pools", "GET", "/compute/pools", "Your pools.", computing.pools,
             (Gives(200, "They.", shape=computing.PoolList),), signed=True,
             problems=("not-found",)),
    Endpoint("pool", "PUT", "/compute/pools/{pool}",
             "Register a pool, or say what it has from now on.", computing.put_pool,
             (Gives(200, "As it is now.", shape=computing.PoolPage),), signed=True,
             takes=(JSON, "The whole pool."), body=computing.PoolBody, params=(_POOL, _DIGEST),
             problems=_SENT),
    Endpoint("needs", "GET", "/compute/needs", "Your needs.", computing.needs,
             (Gives(200, "The last of them, newest first.", shape=computing.NeedList),),
             signed=True, problems=("not-found",)),
    Endpoint("ask", "POST", "/compute/needs/new",
             "State a need; it is answered before anything queues. Nothing is reserved.",
             computing.ask, (Gives(201, "The answer.", shape=computing.NeedPage),), signed=True,
             takes=(JSON, "The need."), body=computing.NeedBody, params=(_DIGEST,),
             problems=_SENT),
    Endpoint("need", "GET", "/compute/needs/{need}", "A need and its answer.", computing.need,
             (Gives(200, "The answer.", shape=computing.NeedPage),), signed=True, params=(_NEED,),
             problems=("not-found",)),
    Endpoint("accept", "POST", "/compute/needs/{need}/acceptance",
             "Accept the answer and submit the job; where the answer got worse, it is given anew.",
             computing.accept, (Gives(200, "The need as it is then: look at `state`.",
                                      shape=computing.NeedPage),),
             signed=True, takes=(JSON, "What is to run."), body=computing.TaskBody,
             params=(_NEED, _DIGEST), problems=_SENT),
    Endpoint("jobs", "GET", "/compute/jobs", "Your jobs.", computing.jobs,
             (Gives(200, "The last of them, newest first.", shape=computing.JobList),),
             signed=True, problems=("not-found",)),
    Endpoint("job", "GET", "/compute/jobs/{job}", "A job: how far it is, its log and bill.",
             computing.job, (Gives(200, "The job.", shape=computing.JobPage),), signed=True,
             params=(_JOB,), problems=("not-found",)),
    Endpoint("stop", "POST", "/compute/jobs/{job}/end", "Wish that a job end.", computing.stop,
             (Gives(200, "The job.", shape=computing.JobPage),), signed=True, params=(_JOB,),
             problems=("not-found",)),
)  # fmt: skip
