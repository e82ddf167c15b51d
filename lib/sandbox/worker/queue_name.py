"""BullMQ's rule for names of queues, which its Python port leaves out."""

from __future__ import annotations


class IllegalQueueName(ValueError):
    """In BullMQ's words."""


def check_queue_name(name: str) -> None:
    """Refuse what BullMQ's constructor refuses.

    Raises:
        IllegalQueueName: the name has a colon, which separates the parts of its keys.
    """
    if ":" in name:
        raise IllegalQueueName("Queue name cannot contain :")
