//! What a command is sent through before it runs: into a container, to another host, to a shell that is handed its script as one
//! word. The command is what counts; where it runs is kept beside it.

use super::command::Call;
use super::lex::Word;

/// Options of these programs that take the next word, where they stand by themselves.
const DOCKER: &[&str] = &[
    "-H",
    "--host",
    "-c",
    "--context",
    "-f",
    "--file",
    "-p",
    "--project-name",
    "--project-directory",
    "--profile",
    "--env-file",
    "--config",
    "-l",
    "--log-level",
];
const EXEC: &[&str] = &["-e", "--env", "--env-file", "-u", "--user", "-w", "--workdir", "--detach-keys", "--index"];
const SSH: &[&str] = &[
    "-B", "-b", "-c", "-D", "-E", "-e", "-F", "-I", "-i", "-J", "-L", "-l", "-m", "-O", "-o", "-p", "-Q", "-R", "-S",
    "-W", "-w",
];

/// How many words say where the rest runs; none where the rest is no command, or one word that is a script.
pub fn taken(words: &[&Word]) -> usize {
    let texts: Vec<String> = words.iter().map(|word| word.text()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let taken = match texts.first().map(|program| program.rsplit('/').next().unwrap_or_default()) {
        Some("docker" | "podman") => container(&texts),
        Some("docker-compose" | "podman-compose") => executed(&texts, past(&texts, 1, DOCKER)),
        Some("kubectl" | "oc") => pod(&texts),
        Some("ssh") => host(&texts).filter(|at| texts.len() > at + 1),
        _ => None,
    };
    taken.filter(|at| *at < words.len()).unwrap_or(0)
}

/// The first word from `at` on that is no option and no value of one.
fn past(texts: &[&str], mut at: usize, with_value: &[&str]) -> usize {
    while let Some(option) = texts.get(at).filter(|text| text.starts_with('-') && **text != "--") {
        at += if with_value.contains(option) { 2 } else { 1 };
    }
    at
}

fn container(texts: &[&str]) -> Option<usize> {
    let at = past(texts, 1, DOCKER);
    let at = if matches!(texts.get(at), Some(&("compose" | "container"))) { past(texts, at + 1, DOCKER) } else { at };
    executed(texts, at)
}

/// Behind `exec` and the name of what it runs in.
fn executed(texts: &[&str], at: usize) -> Option<usize> {
    (texts.get(at) == Some(&"exec")).then(|| past(texts, at + 1, EXEC) + 1)
}

fn pod(texts: &[&str]) -> Option<usize> {
    let executes = texts.iter().take_while(|text| **text != "--").any(|text| *text == "exec");
    let ends = texts.iter().position(|text| *text == "--")?;
    executes.then_some(ends + 1)
}

fn host(texts: &[&str]) -> Option<usize> {
    let at = past(texts, 1, SSH);
    texts.get(at)?;
    Some(at + 1)
}

/// The script that a shell, here or on another host, is handed as one word. One that is told to mind its pipes is left alone.
pub fn script(call: &Call) -> Option<&Word> {
    let program = call.name.rsplit('/').next()?;
    match program {
        "sh" | "bash" | "dash" | "ash" | "zsh" => {
            let is_last = |text: &String| text.starts_with('-') && !text.starts_with("--") && text.ends_with('c');
            let at = call.arguments.iter().position(is_last)?;
            let before = call.arguments.get(..=at)?;
            (!before.iter().any(|text| text.contains("pipefail"))).then(|| call.words.get(at + 1))?
        }
        "ssh" => {
            let texts: Vec<&str> = std::iter::once("ssh").chain(call.arguments.iter().map(String::as_str)).collect();
            let at = host(&texts)?;
            (texts.len() == at + 1).then(|| call.words.get(at - 1))?
        }
        _ => None,
    }
}
