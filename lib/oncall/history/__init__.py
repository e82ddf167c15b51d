"""The history that `runbook watch` keeps: the store, its rollups, and the clock that dates its samples."""
