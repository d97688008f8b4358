"""All dialects by name. It refuses to know routes and keys."""

from __future__ import annotations

from licet.gateway.dialects.chat import Chat
from licet.gateway.dialects.completions import Completions
from licet.gateway.dialects.embeddings import Embeddings
from licet.gateway.dialects.messages import Messages
from licet.gateway.dialects.model import Dialect
from licet.gateway.dialects.responses import Responses

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (Chat(), Completions(), Responses(), Messages(), Embeddings())
}
