"""What Vercel is to the frontend: builds, deployments, an alias, functions, request logs, the edge."""

from sandbox.site.beginning import LONG_BEFORE, begin_site
from sandbox.site.edge import Edge as SiteEdge
from sandbox.site.site import Site
from sandbox.site.traffic import Traffic

__all__ = ["LONG_BEFORE", "Site", "SiteEdge", "Traffic", "begin_site"]
