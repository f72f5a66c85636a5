"""LlamaIndex's nodes as rows of a collection.

Text and metadata have columns, where SQL sees them and other tools can change them. What else
there is to a node, its relationships for example, is in one column as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from llama_index.core.schema import (
    BaseNode,
    Document,
    ImageDocument,
    ImageNode,
    IndexNode,
    Node,
    TextNode,
)

from .._adapters.documents import Found
from .._adapters.metadata import Layout

NODE = "_node"
NODE_TYPE = "_node_type"
DOCUMENT = "_ref_doc_id"  # the id of the document that the node is a part of
OWN = (NODE, NODE_TYPE, DOCUMENT)

_TYPES: tuple[type[BaseNode], ...] = (
    Document,
    ImageDocument,
    ImageNode,
    IndexNode,
    Node,
    TextNode,
)
_TYPE_NAMES = {kind.class_name(): kind for kind in _TYPES}


class Columns(NamedTuple):
    """What the columns hold for some nodes."""

    texts: list[str | None]
    metadata: list[dict[str, Any]]
    own: dict[str, list[Any]]


def columns(nodes: Sequence[BaseNode]) -> Columns:
    """Takes nodes apart."""
    own: dict[str, list[Any]] = {
        NODE: [],
        NODE_TYPE: [node.class_name() for node in nodes],
        DOCUMENT: [node.ref_doc_id for node in nodes],
    }
    made = Columns([], [], own)
    for node in nodes:
        facts = node.model_dump(mode="json", exclude={"embedding"})
        made.metadata.append(facts["metadata"])
        facts["metadata"] = list(facts["metadata"])  # the order, which prompts have too
        holder, key = _place_of_text(facts)
        made.texts.append(holder.pop(key, None))
        own[NODE].append(json.dumps(facts, ensure_ascii=False))
    return made


def node(found: Found, layout: Layout, text_column: str) -> BaseNode:
    """The node in a row, with its embedding if that has been read."""
    text, metadata = found.row.get(text_column), layout.decode(found.row)
    stored = found.row.get(NODE)
    if stored is None:  # a row that was written by other means
        made: BaseNode = TextNode(id_=found.id, text=text or "", metadata=metadata)
    else:
        facts = json.loads(stored)
        first = {key: metadata[key] for key in facts["metadata"] if key in metadata}
        facts["metadata"] = {**first, **metadata}
        if text is not None:
            holder, key = _place_of_text(facts)
            holder[key] = text
        made = _TYPE_NAMES.get(found.row[NODE_TYPE], TextNode).from_dict(facts)
    if found.vector is not None:
        made.embedding = found.vector.tolist()
    return made


def _place_of_text(facts: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Where a node has its text: the dict, and the key in it."""
    resource = facts.get("text_resource")
    return (resource, "text") if isinstance(resource, dict) else (facts, "text")
