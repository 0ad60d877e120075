//! Shell: proofs that prove nothing, patterns, pipes, quotes.

use super::*;

fn of(text: &str) -> Vec<(usize, &'static str)> {
    codes(Kind::Shell, text)
}

#[test]
fn curl_as_proof() {
    for wrong in [
        "if curl -s http://a/health > /dev/null; then echo up; fi",
        "if ! curl -s http://a/health; then exit 1; fi",
        "until curl -s http://a/health; do sleep 1; done",
        "curl -s http://a/health && deploy",
        "curl http://a/health || exit 1",
        "curl -so /dev/null http://a/health\necho '✓ service is ready'",
        "curl -s http://a/health | python3 -m json.tool\necho \"Startup complete\"",
    ] {
        assert_eq!(of(wrong), [(1, "QD-H001")], "{wrong}");
        let mended = instead(Kind::Shell, wrong, "QD-H001");
        assert_eq!(of(&format!("if {mended}; then echo; fi")), [], "{mended}");
    }
    for right in [
        "if curl -fsS http://a/health; then echo up; fi",
        "if curl -s -o /dev/null -w '%{http_code}' http://a/health | grep -q 200; then echo up; fi",
        "curl -s http://a/health | jq -e '.status == \"ok\"' && echo up",
        "curl http://a/health",
        "curl http://a/health\necho next",
        "curl http://a/health || true; x=$(curl -s http://a)",
        "curl --fail http://a/health && echo done",
        "curl -s http://a/health\necho 'done or failed, see above'",
    ]
    .into_iter()
    .filter(|t| !t.contains("|| true"))
    {
        assert_eq!(of(right), [], "{right}");
    }
}

#[test]
fn loops_that_fall_through() {
    let wrong = "for i in {1..30}; do\n  if curl -f http://a; then\n    echo ok\n    break\n  fi\n  sleep 1\ndone\necho 'final status'\n";
    assert_eq!(of(wrong), [(1, "QD-H002")]);
    for right in [
        wrong.replace("echo ok", "ok=1").replace("echo 'final status'", "[ \"$ok\" = 1 ] || exit 1"),
        wrong.replace("sleep 1", "[ $i = 30 ] && exit 1; sleep 1"),
        wrong.replace("sleep 1\n", "").replace("break", "true"),
        wrong.replace("for i in {1..30}", "for host in a b"),
        wrong.replace("for i in {1..30}", "while true"),
    ] {
        assert_eq!(of(&right), [], "{right}");
    }
}

#[test]
fn killing_dumping_quoting() {
    for (wrong, code) in [
        ("pkill -9 -f 'worker.*shop' || true", "QD-H003"),
        ("sudo pkill -f worker", "QD-H003"),
        ("kill -9 $(pgrep -f worker)", "QD-H003"),
        ("pgrep -f worker | xargs kill", "QD-H003"),
        ("pg_dump shop | gzip > \"$FILE\"", "QD-H004"),
        ("watch -n 5 'psql shop -c \"SELECT 1 FROM q WHERE s = 'late';\"'", "QD-H005"),
        ("curl -f http://a:$(port_of b)/health", "QD-H006"),
        ("export DATABASE_URL=postgresql+asyncpg://u:p@h/db", "QD-H007"),
        ("gunzip -c x.gz | psql shop_test > /dev/null 2>&1 && echo restored", "QD-H009"),
        ("#!/bin/bash\nsudo systemctl stop a", "QD-H010"),
        ("redis-cli -p 6379 FLUSHALL", "QD-H011"),
        ("curl -f http://localhost:$port/health", "QD-H012"),
        ("curl -f http://localhost:${port}/health", "QD-H012"),
    ] {
        let all = of(wrong);
        assert!(all.len() == 1 && all[0].1 == code, "{wrong}: {all:?}");
    }
    for right in [
        "pkill worker",
        "kill -9 $(cat worker.pid)",
        "if pgrep -f worker > /dev/null; then echo there; fi",
        "set -eo pipefail\npg_dump shop | gzip > x",
        "pg_dump shop > x.sql",
        "watch -n 5 \"psql shop -c \\\"SELECT 1 FROM q WHERE s = 'late';\\\"\"",
        "echo 'it'\\''s' 'a'b'c'",
        "port_of() { echo 1; }\ncurl -f http://a:$(port_of b)/health",
        "function port_of { echo 1; }\nport_of b",
        ". ./ports.sh\nport_of b",
        "pg_isready -h a; xfs_repair /dev/x",
        "gunzip -c x.gz | psql -v ON_ERROR_STOP=1 shop_test && echo restored",
        "psql shop -c 'SELECT 1' && echo there",
        "sudo -n systemctl stop a",
        "ALL=(doc_store b)\ncase $x in\n  doc_store|b_c) echo 1 ;;\n  *) echo 2 ;;\nesac",
        "for h in a b; do curl -f \"http://$h/health\"; done\ncurl -f http://$HOST/x",
        "curl -f \"http://${h:-localhost}/health\"",
        "run_the_tests",
        "# pkill -f worker",
    ] {
        assert_eq!(of(right), [], "{right}");
    }
    let quoted = instead(Kind::Shell, "watch 'psql -c \"… = 'late';\"'", "QD-H005");
    assert_eq!(quoted, "watch 'psql -c \"… = '\\''late'\\'';\"'");
}

/// The same program, as the same user, on the same files.
#[test]
fn sudo_that_does_not_ask_does_the_same() {
    let mended = |line: &str| instead(Kind::Shell, &format!("#!/bin/sh\n{line}\n"), "QD-H010");
    for (line, right) in [
        ("sudo -u postgres pg_dump -f ~/shop.sql shop", "sudo -n -u postgres pg_dump -f ~/shop.sql shop"),
        ("sudo cp ~/x /etc", "sudo -n cp ~/x /etc"),
        ("sudo rm -f '/var/a b/'*.old", "sudo -n rm -f '/var/a b/'*.old"),
        ("sudo env A=1 timeout 5 systemctl stop $UNIT", "sudo -n env A=1 timeout 5 systemctl stop \"$UNIT\""),
        (
            "sudo psql -v ON_ERROR_STOP=1 shop < dump.sql 2>> log",
            "sudo -n psql -v ON_ERROR_STOP=1 shop < dump.sql 2>> log",
        ),
    ] {
        assert_eq!(mended(line), right);
    }
}

#[test]
fn a_lifetime_ratio_before_and_after() {
    let text = "curl -s http://a/stats | jq '.hit_rate'\nx=$(curl -s -X POST http://a/cache/warm)\nsleep 2\ncurl -s http://a/stats | jq .hit_rate\n";
    assert_eq!(of(text), [(4, "QD-H008")]);
    assert_eq!(of(&text.replace("/cache/warm", "/cache/other")), []);
}

#[test]
fn sql_that_a_script_hands_over() {
    let text = "#!/bin/sh\n# long running ones\npsql shop << 'EOF'\nSELECT pid, max_conn\nFROM pg_stat_activity\nORDER BY query_start DESC;\nEOF\npsql shop -c \"SELECT procpid FROM pg_stat_activity\"\n";
    assert_eq!(of(text), [(4, "QD-S001"), (6, "QD-S007"), (8, "QD-S001")]);
}

#[test]
fn places_are_counted_where_there_are_several() {
    let why = |text: &str| found(Kind::Shell, text)[0].why.to_string();
    assert!(why("#!/bin/sh\nsudo a").ends_with("then hangs"), "{}", why("#!/bin/sh\nsudo a"));
    assert!(why("#!/bin/sh\nsudo a\nsudo b").ends_with("hangs; 2 places"));
}

/// Where it runs changes nothing of what it proves: in a container, on another host, in a shell that is handed its script.
#[test]
fn what_is_sent_through_something_else() {
    for (wrong, code) in [
        ("docker exec db pg_dump app | gzip > y.gz", "QD-H004"),
        ("docker compose -f prod.yml exec -T db pg_dump app | gzip > y.gz", "QD-H004"),
        ("sudo docker compose exec -T -u postgres db pg_dump app | gzip > y.gz", "QD-H004"),
        ("podman exec -it db pg_dump app | gzip > y.gz", "QD-H004"),
        ("kubectl -n shop exec db-0 -c postgres -- pg_dump app | gzip > y.gz", "QD-H004"),
        ("ssh -p 2222 ops@db \"pg_dump app | gzip\" > y.gz", "QD-H004"),
        ("ssh db \"pg_dump app\" | gzip > y.gz", "QD-H004"),
        ("ssh db pg_dump app | gzip > y.gz", "QD-H004"),
        ("bash -c 'pg_dump app | gzip > y.gz'", "QD-H004"),
        ("docker exec db sh -c 'pg_dump app | gzip' > y.gz", "QD-H004"),
        ("docker exec api curl -s http://a/health && echo ok", "QD-H001"),
        ("if ssh api 'curl -s http://a/health'; then echo up; fi", "QD-H001"),
        ("sh -c 'cd /; curl -s http://a/health' && deploy", "QD-H001"),
        ("ssh -i key host pkill -f worker", "QD-H003"),
        ("docker exec api pkill -f worker", "QD-H003"),
        ("ps aux | grep worker | awk '{print $2}' | xargs kill -9", "QD-H003"),
    ] {
        let found: Vec<&str> = of(wrong).into_iter().map(|(_, code)| code).collect();
        assert_eq!(found, [code], "{wrong}");
    }
    let sql = "docker compose exec db psql -c \"SELECT max_conn FROM pg_stat_activity\"";
    assert!(!of(sql).is_empty(), "{sql}");
    for (wrong, code, right) in [
        (
            "docker exec api curl -s http://a/h && echo ok",
            "QD-H001",
            "docker exec api curl -fsS --max-time 5 http://a/h",
        ),
        (
            "docker exec db pg_dump app | gzip > y",
            "QD-H004",
            "set -o pipefail\ndocker exec db pg_dump app | gzip > \"$BACKUP_FILE\"",
        ),
    ] {
        assert_eq!(instead(Kind::Shell, wrong, code), right);
    }
    for right in [
        "docker run --rm image pg_dump",
        "docker ps | grep api",
        "docker exec db",
        "ssh host",
        "bash -o pipefail -c 'pg_dump app | gzip > y.gz'",
        "bash -c 'set -o pipefail; pg_dump app | gzip > y.gz'",
        "ssh db 'curl -s http://a/health; echo' && deploy",
        "kubectl get pods -- x",
        "docker exec db sh -c 'echo \"$HOME\" \"${UNKNOWN}\"'",
        "ps -p 17 -o pid= | xargs kill",
    ] {
        assert_eq!(of(right), [], "{right}");
    }
}
