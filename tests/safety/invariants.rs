//! The invariants of acting and of alerts, 1 to 42, each with the tests that hold it: first properties over chance, then tests on real
//! systems. A test that is named here and is not there fails.

mod played;

use std::path::{Path, PathBuf};

/// An invariant: its number, what it says, and the tests: file, name.
type Invariant = (u8, &'static str, &'static [(&'static str, &'static str)]);

const PROPERTIES: &str = "src/remediation/execution/tests/properties.rs";
const PATHS: &str = "src/remediation/execution/tests/paths.rs";
const GUARD: &str = "src/remediation/guard/tests.rs";
const TYPED: &str = "src/remediation/guard/tests/typed.rs";
const CHAIN: &str = "src/remediation/audit/tests.rs";
const AUDIT: &str = "tests/audit/properties.rs";
const CONSENT: &str = "tests/safety/consent.rs";
const KILLS: &str = "tests/safety/kills/kinds.rs";
const SCREEN: &str = "tests/safety/kills/screen.rs";
const HOLDS: &str = "tests/adapters/shared_folder/holds.rs";
const REDIS: &str = "tests/adapters/redis_flush.rs";
const COMMANDS: &str = "tests/adapters/act/commands.rs";
const WHOLE: &str = "tests/safety/whole.rs";
const RUNBOOKS: &str = "src/remediation/execution/tests/runbooks.rs";
const BOOK_KILLS: &str = "tests/safety/kills/runbooks.rs";
const BACKUP_KILLS: &str = "tests/safety/kills/backups.rs";
const APPROVAL_KILLS: &str = "tests/safety/kills/approvals.rs";
const DATA: &str = "tests/safety/data.rs";
const LIFE: &str = "src/alerts/lifecycle/tests/properties.rs";
const ENGINE: &str = "src/engine/tests/properties.rs";
const ALERTS: &str = "tests/program/alerts.rs";
const OUTPUT: &str = "tests/safety/output.rs";

const INVARIANTS: &[Invariant] = &[
    (
        1,
        "no effect without its intent written and synced",
        &[
            (WHOLE, "whatever_is_done_and_whatever_fails"),
            (PROPERTIES, "whatever_goes_wrong"),
            (CONSENT, "every_effect_has_its_consent_its_locks_and_its_intent"),
            ("tests/audit/tiny.rs", "a_full_tmpfs_refuses_intents_and_takes_outcomes"),
        ],
    ),
    (
        2,
        "an intent before every effect, one end after it, or recovered on the next start",
        &[
            (PROPERTIES, "whatever_goes_wrong"),
            (RUNBOOKS, "one_after_the_other"),
            (WHOLE, "whatever_is_done_and_whatever_fails"),
            (CONSENT, "every_effect_has_its_consent_its_locks_and_its_intent"),
            (KILLS, "a_request"),
            (KILLS, "a_restart"),
            (KILLS, "the_end_of_a_session"),
            (SCREEN, "the_dashboard"),
            (BOOK_KILLS, "a_runbook"),
            (BACKUP_KILLS, "a_backup"),
            (APPROVAL_KILLS, "an_approval"),
        ],
    ),
    (
        3,
        "a kill leaves an audit that parses, but for one torn last line",
        &[
            (AUDIT, "killed_at_any_byte_the_rest_holds_and_every_run_ends"),
            (KILLS, "a_request"),
            ("tests/audit/kills.rs", "killed_at_any_moment_nothing_acknowledged_is_lost"),
            ("tests/audit/segments.rs", "a_torn_line_is_told_and_kept_and_the_chain_goes_on"),
        ],
    ),
    (
        4,
        "whatever is changed, taken out, put in or moved is found",
        &[
            (CHAIN, "any_other_byte_anywhere_is_found"),
            (CHAIN, "any_byte_put_in_or_taken_out_is_found"),
            (CHAIN, "any_line_taken_out_put_in_or_moved_is_found"),
            ("tests/audit/program.rs", "verify_says_the_head_or_the_first_bad_record"),
        ],
    ),
    (
        5,
        "two dashboards never fork the chain",
        &[
            (AUDIT, "however_dashboards_take_turns_there_is_one_chain"),
            ("tests/audit/races.rs", "processes_never_fork_the_chain"),
            ("tests/audit/races.rs", "threads_never_fork_the_chain"),
        ],
    ),
    (
        6,
        "a failed fsync is final for its file",
        &[
            (WHOLE, "a_failed_fsync_lets_nothing_begin"),
            (WHOLE, "whatever_is_done_and_whatever_fails"),
            ("tests/audit/faults.rs", "after_a_failed_fsync_nothing_is_taken"),
            ("tests/audit/faults.rs", "every_operation_may_fail_in_every_way"),
            ("tests/audit/faults.rs", "a_failed_fsync_is_final_for_the_file"),
        ],
    ),
    (
        7,
        "no secret is shown, recorded or told",
        &[
            ("tests/safety/secrets.rs", "no_secret_is_shown_or_recorded"),
            ("tests/safety/secrets.rs", "a_secret_that_changes_voids_the_card"),
            ("tests/safety/secrets.rs", "no_secret_leaves_the_binary"),
        ],
    ),
    (
        8,
        "what is refused, left, or wrongly confirmed is recorded too",
        &[
            (WHOLE, "whatever_is_done_and_whatever_fails"),
            ("tests/program/acting.rs", "nothing_but_the_chord_after_the_whole_name_runs_it"),
            ("tests/program/acting.rs", "resizing_and_redrawing_leave_the_focus_on_cancel"),
            ("tests/run/subset.rs", "a_right_a_role_or_a_policy_that_changed_voids_a_code"),
            ("tests/run/refusals.rs", "without_leave_without_a_terminal_and_without_a_reason_nothing_is_done"),
        ],
    ),
    (
        9,
        "text in the audit is inert",
        &[
            (AUDIT, "whatever_is_written_is_inert"),
            ("src/remediation/audit/tests.rs", "hostile_text_is_inert_in_the_file_and_on_the_screen"),
            ("tests/safety/hostile_bytes.rs", "no_hostile_byte_of_an_action_reaches_anybody"),
            ("tests/audit/program.rs", "hostile_text_leaves_as_printable_text"),
        ],
    ),
    (
        10,
        "no single key has an effect above L1; Enter, Space, Esc and Ctrl-C have none",
        &[
            (CONSENT, "one_key_begins_nothing_above_l1"),
            (CONSENT, "nothing_begins_without_the_chord"),
            ("tests/program/acting.rs", "no_key_by_itself_has_an_effect"),
        ],
    ),
    (
        11,
        "the phrase is typed exactly; what was typed ahead is gone",
        &[
            (CONSENT, "a_dialog_is_deaf_until_its_card_was_seen"),
            (TYPED, "nothing_but_the_whole_phrase_confirms"),
            (GUARD, "composed_and_decomposed_letters_are_the_same_name"),
            ("tests/program/acting.rs", "nothing_but_the_chord_after_the_whole_name_runs_it"),
        ],
    ),
    (
        12,
        "a dialog is deaf for 400 ms after it appears or changes",
        &[
            (CONSENT, "a_dialog_is_deaf_until_its_card_was_seen"),
            ("tests/program/acting.rs", "a_dialog_is_deaf_at_first_and_what_was_typed_ahead_is_gone"),
        ],
    ),
    (
        13,
        "what changes between card and start voids the consent",
        &[
            (GUARD, "consent_is_bound_to_what_was_seen"),
            ("tests/safety/secrets.rs", "a_secret_that_changes_voids_the_card"),
            ("tests/run/subset.rs", "a_right_a_role_or_a_policy_that_changed_voids_a_code"),
            (REDIS, "ten_times_the_keys_is_not_what_was_agreed_to"),
        ],
    ),
    (
        14,
        "a consent is used once, within a minute",
        &[
            (CONSENT, "a_dialog_is_deaf_until_its_card_was_seen"),
            (TYPED, "a_card_counts_for_a_minute_whatever_the_wall_clock_shows"),
            ("src/remediation/tests/boundaries.rs", "a_card_is_good_for_a_minute_and_not_a_moment_longer"),
            ("tests/run/whole_way.rs", "the_card_touches_nothing_and_its_code_ends_exactly_those_sessions_once"),
        ],
    ),
    (15, "nothing but a key moves the focus away from Cancel", &[(CONSENT, "nothing_but_a_key_answers")]),
    (
        16,
        "the second person is another one, for this card, in time",
        &[
            ("src/remediation/guard/tests/second_person.rs", "nothing_runs_but_on_an_approval_that_counts"),
            ("src/remediation/approval/tests.rs", "only_two_people_are_two"),
            ("src/remediation/approval/tests.rs", "an_approval_counts_in_time_for_its_card"),
            ("tests/adapters/shared_folder/approvals.rs", "a_really_different_user_approves"),
            ("tests/adapters/shared_folder/approvals.rs", "a_forged_approval_is_none"),
            (APPROVAL_KILLS, "an_approval"),
        ],
    ),
    (
        17,
        "read-only there is no way to an executor",
        &[
            ("tests/program/acting.rs", "read_only_there_is_no_way"),
            ("tests/program/read_only.rs", "of_every_action_there_is_none_can_be_begun"),
        ],
    ),
    (
        18,
        "what nobody classified is L3",
        &[
            ("tests/safety/limits.rs", "an_unknown_class_destroys"),
            ("tests/safety/limits.rs", "what_nobody_classified_wants_a_window_and_its_count"),
        ],
    ),
    (
        19,
        "a precondition that is not known refuses",
        &[
            ("tests/safety/limits.rs", "what_is_not_known_lets_nothing_begin"),
            (GUARD, "an_unknown_or_old_reading_is_never_true"),
        ],
    ),
    (
        20,
        "what is too old neither allows nor proves",
        &[
            ("tests/safety/limits.rs", "what_is_not_known_lets_nothing_begin"),
            (PROPERTIES, "whatever_goes_wrong"),
            (PATHS, "readings_of_before_the_effect_prove_nothing"),
        ],
    ),
    (
        21,
        "what destroys starts only in a window that lasts for long enough",
        &[
            ("src/remediation/execution/tests/windows.rs", "only_inside_and_only_with_room"),
            ("src/remediation/execution/tests/windows.rs", "judged_again_at_the_moment_of_effect"),
            (REDIS, "inside_a_window_it_is_flushed_and_proved_and_outside_nothing_is_sent"),
        ],
    ),
    (
        22,
        "a wall clock that jumped opens no window",
        &[
            ("src/remediation/clock_trust.rs", "every_jump_locks"),
            ("src/remediation/window/tests.rs", "setting_the_clock_into_a_window_does_not_open_it"),
            ("tests/program/windows.rs", "a_clock_that_jumped_is_looked_at_and_confirmed_by_name"),
        ],
    ),
    (
        23,
        "one action per target, and so many on the host",
        &[
            ("tests/safety/holds.rs", "one_per_target_and_so_many_in_all"),
            (WHOLE, "whatever_is_done_and_whatever_fails"),
            (HOLDS, "of_two_processes_exactly_one_wins_each_time"),
            (HOLDS, "no_more_than_some_run_on_the_host"),
            (HOLDS, "a_holder_that_is_killed_holds_nothing"),
            (KILLS, "a_restart"),
        ],
    ),
    (
        24,
        "not again within its cool-down, also over kills and restarts",
        &[
            ("src/remediation/cooldown.rs", "never_early_within_a_boot_and_never_for_ever"),
            (HOLDS, "a_cool_down_holds_after_kill_9"),
        ],
    ),
    (
        25,
        "never more than the card and the cap",
        &[
            (PROPERTIES, "whatever_goes_wrong"),
            (GUARD, "nothing_is_not_everything_and_the_cap_holds"),
            ("tests/adapters/postgres/actions/race.rs", "whoever_was_ended_stood_on_a_card_and_every_card_adds_up"),
        ],
    ),
    (
        26,
        "empty, missing and patterns never mean all",
        &[
            ("tests/safety/selectors.rs", "no_selector_means_everybody"),
            ("tests/adapters/postgres/actions/card.rs", "an_empty_selector_is_nobody"),
        ],
    ),
    (
        27,
        "never our own, replication, superuser or excluded sessions",
        &[
            ("tests/safety/protected.rs", "who_is_protected_is_never_touched"),
            ("tests/safety/selectors.rs", "no_selector_means_everybody"),
            (
                "tests/adapters/postgres/actions/refusals.rs",
                "our_own_sessions_are_left_alone_even_by_the_statement_itself",
            ),
            ("tests/adapters/postgres/actions/refusals.rs", "who_became_a_superuser_meanwhile_is_left_alone"),
            (
                "tests/adapters/postgres/actions/card.rs",
                "terminating_idle_sessions_takes_the_right_ones_and_says_whom_it_leaves_and_why",
            ),
        ],
    ),
    (
        28,
        "parameters are data, never read by a shell or a parser",
        &[
            (DATA, "words_of_a_program_stay_words"),
            (DATA, "values_never_become_text_of_an_order"),
            (DATA, "what_narrows_is_a_name"),
            ("src/adapters/redis/resp.rs", "words_of_a_command_stay_words"),
            (DATA, "a_value_arrives_as_it_is_or_not_at_all"),
            ("tests/adapters/act/quoting.rs", "any_words_arrive_as_they_are"),
            (COMMANDS, "words_are_never_read_by_a_shell"),
            ("tests/safety/selectors.rs", "no_selector_means_everybody"),
        ],
    ),
    (
        29,
        "the identity is read again just before the effect",
        &[
            (PROPERTIES, "whatever_goes_wrong"),
            ("tests/adapters/postgres/actions/line.rs", "another_server_and_another_role_are_another_target"),
            ("tests/adapters/postgres/actions/line.rs", "a_restart_between_card_and_effect_is_another_target"),
            (REDIS, "another_server_on_the_same_port_is_left_alone"),
            ("tests/run/managers.rs", "a_unit_that_was_restarted_meanwhile_is_left_alone"),
        ],
    ),
    (
        30,
        "every step ends at its deadline, and nothing follows it",
        &[
            (PROPERTIES, "whatever_goes_wrong"),
            (PATHS, "a_disk_that_does_not_answer_keeps_nobody_waiting"),
            (COMMANDS, "at_the_deadline_all_of_it_ends_and_nobody_knows_what_it_did"),
        ],
    ),
    (
        31,
        "a stop holds before the next step, and says what it cannot stop",
        &[
            (PROPERTIES, "whatever_goes_wrong"),
            (RUNBOOKS, "one_after_the_other"),
            (PATHS, "a_stop_before_the_first_byte_holds"),
        ],
    ),
    (
        32,
        "nothing is sent twice; after a lost line it is unknown",
        &[
            (PROPERTIES, "whatever_goes_wrong"),
            (CONSENT, "every_effect_has_its_consent_its_locks_and_its_intent"),
            (
                "tests/adapters/postgres/actions/line.rs",
                "fault_39_a_line_cut_after_the_effect_is_unknown_and_nothing_is_sent_again",
            ),
            (REDIS, "a_lost_answer_is_unknown_and_never_sent_again"),
            ("tests/safety/faults.rs", "a_request_whose_answer_is_lost_is_unknown_and_never_sent_again"),
        ],
    ),
    (
        33,
        "a failure undoes what was done, once, in reverse, after a person said so",
        &[(RUNBOOKS, "what_undoes"), (RUNBOOKS, "one_after_the_other"), (BOOK_KILLS, "a_runbook")],
    ),
    (
        34,
        "success is what fresh readings show",
        &[
            (PROPERTIES, "whatever_goes_wrong"),
            ("src/remediation/execution/tests/fresh.rs", "a_reading_that_comes_late_does_not_undo_a_newer_one"),
            ("src/remediation/service/tests.rs", "never_steady_on_anything_but_one_new_run"),
            ("tests/adapters/act/systemd.rs", "what_crashes_again_and_again_is_not_restarted"),
        ],
    ),
    (
        35,
        "output is bounded, and never in the way",
        &[
            (OUTPUT, "what_is_kept_does_not_depend_on_how_it_came"),
            (OUTPUT, "no_output_is_too_much_for_records_and_screen"),
            ("src/adapters/act/heard.rs", "memory_is_bounded_and_everything_is_counted"),
            (COMMANDS, "endless_output_neither_blocks_nor_fills_memory"),
        ],
    ),
    (
        36,
        "a preview has no effect",
        &[
            (WHOLE, "without_consent_the_outside_is_only_looked_at"),
            ("tests/adapters/postgres/actions/card.rs", "a_preview_writes_nothing"),
            (REDIS, "the_card_tells_everything_and_writes_nothing"),
            ("tests/run/whole_way.rs", "the_card_touches_nothing_and_its_code_ends_exactly_those_sessions_once"),
            (KILLS, "a_request"),
        ],
    ),
    (
        37,
        "leaving in whatever way leaves a record, and the next start shows what is not known",
        &[
            (WHOLE, "whoever_leaves_leaves_a_record"),
            (SCREEN, "the_dashboard"),
            ("tests/safety/leaving.rs", "whoever_leaves_in_the_middle_leaves_a_record"),
            ("tests/run/whole_way.rs", "what_is_sent_is_seen_to_its_end_and_recorded"),
            (BOOK_KILLS, "a_runbook"),
            (BACKUP_KILLS, "a_backup"),
        ],
    ),
    (38, "no write ever starts without a person", &[(CONSENT, "nothing_begins_without_the_chord")]),
    (
        39,
        "a failed evaluation resolves no alert, and shows as error",
        &[(LIFE, "a_failure_never_resolves_and_shows"), (ALERTS, "an_error_hides_no_alert_and_ends_none")],
    ),
    (
        40,
        "missing data is never ok",
        &[
            (LIFE, "only_a_fresh_complete_result_is_ok"),
            (ENGINE, "missing_data_is_never_ok"),
            ("src/engine/tests/scraping.rs", "what_was_dropped_is_not_taken_for_what_is_not_there"),
        ],
    ),
    (
        41,
        "silences hide pages, never state, and always expire",
        &[("tests/program/alerts/doing.rs", "silences_change_no_state_and_always_end")],
    ),
    (
        42,
        "the same recorded samples give the same history of alerts, byte by byte",
        &[
            (LIFE, "the_same_results_give_the_same_history"),
            (ENGINE, "replaying_the_same_inputs_gives_the_same_history"),
        ],
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

#[test]
fn every_invariant_has_tests_that_are_there() {
    assert_eq!(INVARIANTS.iter().map(|(number, ..)| *number).collect::<Vec<_>>(), (1..=42).collect::<Vec<_>>());
    for (number, says, tests) in INVARIANTS {
        assert!(!tests.is_empty(), "nothing holds {number}: {says}");
        are_there(*number, tests);
    }
}

pub fn are_there(number: u8, tests: &[(&str, &str)]) {
    for (file, name) in tests {
        let text = std::fs::read_to_string(root().join(file)).unwrap_or_else(|why| panic!("{number} {file}: {why}"));
        let head = format!("fn {name}(");
        let (before, _) = text.split_once(&head).unwrap_or_else(|| panic!("{number}: there is no {name} in {file}"));
        let near: String = before.lines().rev().take(8).collect();
        assert!(near.contains("test]") || before.contains("proptest!"), "{number}: {name} is no test");
    }
}
