"""Presentation of a finished `Diagnosis`: verdict document, HTML report, postmortem. Fetches nothing.

Import the module you need (`report.verdict` is light, `report.html` draws charts).
"""
