"""The Supabase project of the sandbox: its keys, the gateway before it, and its REST API over the real PostgreSQL."""

from sandbox.data.gateway import gateway_app
from sandbox.data.project import Project, ProjectStatus

__all__ = ["Project", "ProjectStatus", "gateway_app"]
