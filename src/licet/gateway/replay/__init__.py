"""The replay upstream: a model that recites prose of ours, so that the gateway can be watched with
no model and no network. It refuses to know the gateway in front of it.

    answer        one answer as a value, read strictly from TOML
    shelf         the answers that ship, loaded from `answers/`
    choose        which answer a message gets
    tokens        an answer cut into the pieces that a model would generate
    turn          what is asked, and what is therefore said, whatever the dialect
    chat, completions, responses, messages, embeddings      five dialects, pure
    app           the ASGI application: pace, disconnects, counters
"""

from licet.gateway.replay.answer import Answer, ToolCall, parse_answer
from licet.gateway.replay.app import ReplayApp, replay_app
from licet.gateway.replay.choose import EXAMPLES, choose
from licet.gateway.replay.shelf import load_answers

__all__ = [
    "EXAMPLES",
    "Answer",
    "ReplayApp",
    "ToolCall",
    "choose",
    "load_answers",
    "parse_answer",
    "replay_app",
]
