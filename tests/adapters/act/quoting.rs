//! Words on their way through a real shell: whatever is in them arrives as it was, and nothing in them is done.

use std::process::Command;

use proptest::prelude::*;
use quarterdeck::remediation::place::quoted;

/// What words a shell makes of the line.
fn read_by(shell: &str, line: &str) -> Vec<String> {
    let out = Command::new(shell).args(["-c", line]).env_clear().env("PATH", "/usr/bin:/bin").output().unwrap();
    assert!(out.status.success() && out.stderr.is_empty(), "{line:?}: {}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8(out.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

fn shells() -> impl Iterator<Item = &'static str> {
    ["/bin/sh", "/bin/bash", "/bin/dash", "/bin/zsh"].into_iter().filter(|shell| std::path::Path::new(shell).exists())
}

fn arrives(arguments: &[String]) {
    let argv: Vec<String> = ["printf", "%s\\0"].map(str::to_owned).into_iter().chain(arguments.to_vec()).collect();
    for shell in shells() {
        assert_eq!(read_by(shell, &quoted(&argv)), arguments, "{shell}");
    }
}

#[test]
fn hostile_words_are_data() {
    let words = [
        "",
        " ",
        "'",
        "''",
        "\"",
        "\\",
        "\\'",
        "'\\''",
        "\n",
        "a\nb",
        "\r",
        "\t",
        ";",
        "; touch /tmp/x",
        "$(id)",
        "`id`",
        "$HOME",
        "${IFS}",
        "-rf",
        "--",
        "*",
        "?",
        "[a]",
        "~",
        "~root",
        "#",
        "!",
        "!!",
        "a=b",
        "&",
        "|",
        ">",
        "<",
        "(",
        "{a,b}",
        "%s",
        "\\0",
        "\u{1}\u{7f}\u{1b}[2J",
        "é",
        "\u{202e}",
        "日本",
        "\u{10ffff}",
    ];
    arrives(&words.map(str::to_owned));
}

#[test]
fn the_first_word_is_a_program_and_nothing_else() {
    for word in ["A=b", "if", "-x", "{", "!"] {
        let line = quoted(&[word.to_owned()]);
        let out = Command::new("/bin/sh").args(["-c", &line]).output().unwrap();
        assert_eq!(out.status.code(), Some(127), "{word}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_words_arrive_as_they_are(
        arguments in prop::collection::vec(prop_oneof!["[^\\x00]{0,20}", "['\"\\\\$`;&|\\n -]{0,12}"], 1..6),
    ) {
        arrives(&arguments);
    }
}
