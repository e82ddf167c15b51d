"""What Vercel is to the frontend: builds, deployments, an alias, functions, request logs, the edge."""

from sandbox.site.beginning import begin_site
from sandbox.site.edge import Edge as SiteEdge
from sandbox.site.site import Site

__all__ = ["Site", "SiteEdge", "begin_site"]
