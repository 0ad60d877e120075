//! The faults of acting, each with the tests that play it. A test that is named here and is not there fails.

use super::{HOLDS, KILLS, REDIS, SCREEN, are_there};

/// Faults of acting, each with the tests that play it.
const FAULTS: &[(u8, &[(&str, &str)])] = &[
    (6, &[("tests/adapters/postgres/actions/line.rs", "another_server_and_another_role_are_another_target")]),
    (8, &[(REDIS, "while_it_loads_its_dump_nothing_is_flushed")]),
    (
        9,
        &[
            (REDIS, "a_missing_right_is_told_beforehand"),
            (REDIS, "without_a_login_there_is_no_card"),
            ("tests/adapters/redis_faults.rs", "refusals_that_only_writing_meets_have_their_words_too"),
        ],
    ),
    (
        35,
        &[
            ("tests/audit/tiny.rs", "a_full_tmpfs_refuses_intents_and_takes_outcomes"),
            ("tests/audit/faults.rs", "every_operation_may_fail_in_every_way"),
        ],
    ),
    (
        36,
        &[
            ("tests/audit/tiny.rs", "a_read_only_folder_refuses_actions"),
            ("tests/audit/folders.rs", "links_and_what_is_no_file_are_refused"),
            ("tests/audit/faults.rs", "without_locks_nothing_is_recorded_and_it_is_told"),
            ("tests/audit/segments.rs", "a_file_that_is_moved_away_or_replaced_stops_writing_and_its_loss_shows"),
        ],
    ),
    (37, &[(HOLDS, "of_two_processes_exactly_one_wins_each_time"), (HOLDS, "a_holder_that_is_killed_holds_nothing")]),
    (38, &[(KILLS, "a_request"), (KILLS, "a_restart"), (KILLS, "the_end_of_a_session"), (SCREEN, "the_dashboard")]),
    (
        39,
        &[
            ("tests/safety/faults.rs", "a_request_whose_answer_is_lost_is_unknown_and_never_sent_again"),
            (
                "tests/adapters/postgres/actions/line.rs",
                "fault_39_a_line_cut_after_the_effect_is_unknown_and_nothing_is_sent_again",
            ),
        ],
    ),
    (
        40,
        &[
            ("tests/adapters/act/systemd.rs", "what_crashes_again_and_again_is_not_restarted"),
            ("tests/adapters/act/systemd.rs", "an_old_process_that_never_leaves_is_no_restart"),
            ("tests/run/flapping.rs", "health_that_comes_and_goes_is_not_verified"),
        ],
    ),
    (
        41,
        &[
            ("tests/adapters/postgres/actions/race.rs", "whoever_was_ended_stood_on_a_card_and_every_card_adds_up"),
            ("tests/adapters/postgres/actions/fates.rs", "a_pid_that_somebody_else_bears_now_is_gone"),
            (REDIS, "ten_times_the_keys_is_not_what_was_agreed_to"),
        ],
    ),
    (
        42,
        &[
            ("tests/program/windows.rs", "a_window_that_closes_while_the_card_is_read_is_closed"),
            (
                "src/remediation/execution/tests/windows.rs",
                "a_window_that_ends_in_the_middle_stops_before_the_next_step",
            ),
        ],
    ),
    (
        45,
        &[
            ("tests/adapters/act/terminal.rs", "a_prompt_never_reaches_the_terminal"),
            ("tests/adapters/act/systemd.rs", "a_systemd_that_is_away_is_a_failure_in_words"),
        ],
    ),
    (46, &[("tests/safety/secrets.rs", "no_secret_leaves_the_binary")]),
    (47, &[("tests/safety/hostile_bytes.rs", "no_hostile_byte_of_an_action_reaches_anybody")]),
];

#[test]
fn every_fault_of_acting_is_played() {
    for (number, tests) in FAULTS {
        are_there(*number, tests);
    }
}
