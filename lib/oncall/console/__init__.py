"""The console: the verdict at a screen, refreshed on demand."""

from oncall.console.panel import Console, console

__all__ = ["Console", "console"]
