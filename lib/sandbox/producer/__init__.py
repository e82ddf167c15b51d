"""The platform's API as far as the queue knows it: a process that adds jobs, and pauses and resumes the queue."""
