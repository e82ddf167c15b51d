"""Every way the sandbox can break, and the healthy look-alikes. One file each, listed by hand."""

from difflib import get_close_matches

from sandbox.control import Refused
from sandbox.faults import (
    concurrency_too_low,
    dead_letters_fallback,
    dead_letters_filed,
    duplicates_refused,
    duplicates_while_waiting,
    failed_pile_up,
    failed_within_retention,
    foreign_keys,
    handler_failing_rarely,
    handler_missing,
    handlers_hung,
    jobs_poison_type,
    jobs_slow_but_finishing,
    openrouter_credentials_rejected,
    openrouter_credit_exhausted,
    openrouter_down,
    openrouter_hiccup,
    openrouter_rate_limited,
    queue_concurrency_roomy,
    queue_consumed_elsewhere,
    queue_delayed_backlog,
    queue_global_concurrency,
    queue_merely_busy,
    queue_name_mismatch,
    queue_orphaned,
    queue_paused,
    queue_prioritized_backlog,
    queue_quiet,
    queue_rate_limit_roomy,
    queue_rate_limited,
    queue_resumed,
    redis_down,
    redis_memory_full,
    redis_memory_high,
    redis_name_alias,
    redis_name_unresolved,
    redis_quota_exhausted,
    redis_quota_half,
    redis_restarted,
    redis_slow_but_answering,
    redis_stalled,
    redis_token_overlap,
    redis_token_rotated,
    scaled_to_three,
    stalled_churn,
    traffic_peak,
    traffic_surge,
    worker_crash_loop,
    worker_down,
    worker_environment_invalid,
    worker_event_loop_blocked,
    worker_illegal_queue_name,
    worker_killed_once,
    worker_loop_busy_briefly,
    worker_memory_stable,
    worker_out_of_memory,
    worker_redeployed,
    worker_valid_change,
)
from sandbox.faults.fault import Fault

FAULTS: tuple[Fault, ...] = (
    redis_name_unresolved.FAULT,
    redis_down.FAULT,
    redis_stalled.FAULT,
    redis_token_rotated.FAULT,
    redis_quota_exhausted.FAULT,
    redis_memory_full.FAULT,
    worker_down.FAULT,
    worker_environment_invalid.FAULT,
    worker_crash_loop.FAULT,
    worker_illegal_queue_name.FAULT,
    worker_out_of_memory.FAULT,
    worker_event_loop_blocked.FAULT,
    queue_paused.FAULT,
    queue_name_mismatch.FAULT,
    queue_delayed_backlog.FAULT,
    queue_prioritized_backlog.FAULT,
    handlers_hung.FAULT,
    handler_missing.FAULT,
    jobs_poison_type.FAULT,
    concurrency_too_low.FAULT,
    traffic_surge.FAULT,
    openrouter_rate_limited.FAULT,
    openrouter_credentials_rejected.FAULT,
    openrouter_credit_exhausted.FAULT,
    openrouter_down.FAULT,
    queue_rate_limited.FAULT,
    queue_global_concurrency.FAULT,
    queue_orphaned.FAULT,
    duplicates_refused.FAULT,
    failed_pile_up.FAULT,
    dead_letters_fallback.FAULT,
    stalled_churn.FAULT,
    redis_name_alias.FAULT,
    redis_restarted.FAULT,
    redis_slow_but_answering.FAULT,
    redis_token_overlap.FAULT,
    redis_quota_half.FAULT,
    redis_memory_high.FAULT,
    worker_valid_change.FAULT,
    worker_redeployed.FAULT,
    worker_killed_once.FAULT,
    worker_memory_stable.FAULT,
    worker_loop_busy_briefly.FAULT,
    scaled_to_three.FAULT,
    queue_resumed.FAULT,
    queue_quiet.FAULT,
    jobs_slow_but_finishing.FAULT,
    handler_failing_rarely.FAULT,
    traffic_peak.FAULT,
    openrouter_hiccup.FAULT,
    queue_rate_limit_roomy.FAULT,
    queue_concurrency_roomy.FAULT,
    queue_consumed_elsewhere.FAULT,
    duplicates_while_waiting.FAULT,
    failed_within_retention.FAULT,
    dead_letters_filed.FAULT,
    queue_merely_busy.FAULT,
    foreign_keys.FAULT,
)


def fault_named(name: str) -> Fault:
    """Find a fault.

    Raises:
        Refused: there is none of that name; the nearest one is suggested.
    """
    for fault in FAULTS:
        if fault.name == name:
            return fault
    nearest = get_close_matches(name, [fault.name for fault in FAULTS], n=1, cutoff=0.4)
    hint = f"; did you mean '{nearest[0]}'?" if nearest else "; `sandbox faults` lists them"
    raise Refused(f"no fault is called '{name}'{hint}")


__all__ = ["FAULTS", "Fault", "fault_named"]
