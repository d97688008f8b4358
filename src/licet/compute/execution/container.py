"""Container images for jobs: which program of this machine runs them, and how it is asked.

It refuses to know schedulers, and to give a container more than the job's own folder.

Rules
1. A container sees its image, the folder of its job as /job, and what the program's own
   configuration lets it see of accelerators (in apptainer.conf: `always use nv`, `always use
   rocm`): that is the node's administrator's to say, not a customer's.
2. An image is named as registries name them; there is no other way in for an option.
3. Where there is no such program, whoever runs jobs refuses images, before anything queues.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable

from licet.base.trouble import BadInput

JOB_PATH = "/usr/local/bin:/usr/bin:/bin"  # where jobs find programs, here and on Slurm
RUNTIMES = ("apptainer", "singularity")  # one command line, two names; run by plain users
_IMAGE = re.compile(r"[a-z0-9][a-z0-9._/:@-]{0,200}")


def find_runtime(which: Callable[..., str | None] = shutil.which) -> str:
    """The program that runs images here; empty: there is none."""
    return next((one for one in RUNTIMES if which(one, path=JOB_PATH)), "")


def check_image(image: str) -> None:
    """Raise BadInput for what is no name of an image."""
    if not _IMAGE.fullmatch(image):
        raise BadInput(f"{image!r} is no container image.",
                       hint="As in registry.example/team/train:1.2.")  # fmt: skip


def inside(runtime: str, image: str, command: tuple[str, ...]) -> tuple[str, ...]:
    """`command` in a container of `image`, in the folder of the job; itself where there is no
    image. Raises BadInput where nothing here runs images."""
    if not image:
        return command
    check_image(image)
    if not runtime:
        raise BadInput("nothing here runs container images.",
                       hint=f"Install {RUNTIMES[0]}, or leave the image out.")  # fmt: skip
    return (runtime, "exec", "--containall", "--pwd", "/job", "--bind", ".:/job",
            f"docker://{image}", *command)  # fmt: skip
