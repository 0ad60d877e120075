//! The step that runs a program: an argument list and where it runs. There is no shell in it, and no way to ask for one but
//! by naming it as the program.

use crate::domain::Cause;

use super::place::Place;

/// Runs a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandStep {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Where it runs.
    pub place: Place,
    /// What gives it the rights it needs, put before it there: `sudo -n`.
    pub become_argv: Option<Vec<String>>,
    /// Exit statuses that count as done; empty is 0.
    pub expected_exit: Vec<i32>,
    /// It only looks, as whoever declared it says: it is no change.
    pub reads: bool,
}

impl CommandStep {
    /// What is started on this machine, word by word: also what a card shows. Only where the ssh client writes what it has to
    /// say itself is put in when it is started.
    pub fn whole(&self) -> Result<Vec<String>, Cause> {
        // Both parts must stand by themselves: rights given to nothing would open a shell.
        Place::Local.reach(&self.argv)?;
        let Some(prefix) = &self.become_argv else { return self.place.reach(&self.argv) };
        Place::Local.reach(prefix)?;
        self.place.reach(&[prefix.as_slice(), self.argv.as_slice()].concat())
    }

    /// Whether an exit status counts as done.
    #[must_use]
    pub fn expects(&self, code: i32) -> bool {
        if self.expected_exit.is_empty() { code == 0 } else { self.expected_exit.contains(&code) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(argv: &[&str], prefix: Option<&[&str]>, place: Place) -> CommandStep {
        let words = |argv: &[&str]| argv.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        CommandStep {
            argv: words(argv),
            place,
            become_argv: prefix.map(words),
            expected_exit: Vec::new(),
            reads: false,
        }
    }

    #[test]
    fn rights_are_asked_for_where_the_program_runs() {
        let far = Place::Ssh { host: "web1".to_owned() };
        let whole = step(&["id", "-u"], Some(&["sudo", "-n"]), far).whole().unwrap();
        assert_eq!(whole.last().unwrap(), "'sudo' '-n' 'id' '-u'");
        let whole = step(&["id"], Some(&["sudo", "-n"]), Place::Local).whole().unwrap();
        assert_eq!(whole, ["sudo", "-n", "id"]);
    }

    #[test]
    fn nothing_is_run_without_a_program() {
        assert!(step(&[], Some(&["sudo", "-n"]), Place::Local).whole().is_err());
        assert!(step(&["id"], Some(&[]), Place::Local).whole().is_err());
    }

    #[test]
    fn zero_is_expected_unless_said_otherwise() {
        let mut step = step(&["id"], None, Place::Local);
        assert!(step.expects(0) && !step.expects(1));
        step.expected_exit = vec![1, 2];
        assert!(!step.expects(0) && step.expects(2));
    }
}
