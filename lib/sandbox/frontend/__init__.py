"""The platform's frontend: what one serverless function of it answers, and in which words.

Run as a process by `sandbox.site`, which plays Vercel around it. Everything here follows the contract of the
platform's HEAD, its quirks included.
"""
