"""What a system sent, as far as we read it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Payload(BaseModel):
    """A document of a vendor. Its validator is made with the first one: by then others are waited for anyway."""

    model_config = ConfigDict(defer_build=True)
