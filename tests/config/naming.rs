//! Steps that mean what no file can name, and steps that do what an action of another name does.

use quarterdeck::app::actions::parameters::narrowed;
use quarterdeck::domain::statement::StatementId;
use quarterdeck::remediation::action::SessionSelector;
use quarterdeck::remediation::approval::Policy;
use quarterdeck::remediation::explain::Explained;
use quarterdeck::remediation::runbook::Deed;

use super::runbooks::{WATCHED, own, runbook};
use super::{file, refused};

#[test]
fn one_session_and_one_statement_are_named_when_they_are_asked_for() {
    let head = "[[runbook]]\nname = \"r\"\ntarget = \"main\"\nlevel = \"L2\"\n";
    let both = "parameter = [{ name = \"pid\", type = \"integer\" }, { name = \"query\", type = \"integer\" }]\n\
                [[runbook.step]]\nsessions = \"cancel one\"\npid = \"{pid}\"\n\
                [[runbook.step]]\nexplain = \"{query}\"\n[[runbook.step]]\nexplain = \"SELECT '{a}'::text[]\"\n";
    let action = own(&file(&format!("{WATCHED}\n{head}{both}"))).remove(0);
    let given = [("pid", "4711"), ("query", "-5")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    for hide in [false, true] {
        let made = narrowed(action.clone(), &given, hide).unwrap();
        let deeds: Vec<&Deed> = runbook(&made).steps.iter().map(|step| &step.deed).collect();
        let [Deed::Sessions { selector, cap: 1, .. }, Deed::Explain { of: kept, .. }, Deed::Explain { of: text, .. }] =
            deeds[..]
        else {
            panic!("{deeds:?}")
        };
        assert_eq!(*selector, SessionSelector::Pid(4711));
        assert_eq!(*kept, Explained::Kept(StatementId::bare(-5)));
        assert_eq!(*text, Explained::Written("SELECT '{a}'::text[]".to_owned()));
        assert_eq!(hide, !runbook(&made).steps[0].title.as_str().contains("4711"));
    }
    let nobody = [("pid", "0"), ("query", "1")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert!(narrowed(action, &nobody, false).unwrap_err().as_str().contains("server process"));
    let wanting = "parameter = [{ name = \"p\", type = \"text\" }]\n";
    for (parameter, step, why) in [
        ("", "sessions = \"cancel one\"", "named by a parameter"),
        ("", "sessions = \"terminate one\"\npid = \"4711\"", "soon another's"),
        ("", "sessions = \"terminate one\"\npid = \"{pid}\"", "no parameter is declared"),
        (wanting, "sessions = \"terminate one\"\npid = \"{p}\"", "number of a server process"),
        (wanting, "sessions = \"terminate one\"\npid = \"{p}\"\nuser = \"web\"", "means nothing beside pid"),
        (wanting, "sessions = \"terminate idle\"\npid = \"{p}\"", "only with sessions"),
        (wanting, "explain = \"SELECT '{p}'\"", "stands alone"),
        (wanting, "explain = \"{p}\"", "queryid"),
        ("", "explain = \"DROP TABLE orders\"", "cannot be planned"),
        ("", "explain = \"SELECT 1\"\ndatabase = \"x\"", "no database named"),
        ("", "explain = \"SELECT 1\"\npid = \"{p}\"", "pid"),
    ] {
        let told = refused(&file(&format!("{WATCHED}\n{head}{parameter}[[runbook.step]]\n{step}"))).join("\n");
        assert!(told.contains(why), "{step}: {told}");
    }
}

#[test]
fn what_policy_says_of_an_action_holds_for_a_step_that_does_the_same() {
    const ACTIONS: &str = "[[action]]\nname = \"restart-api\"\nunit = \"api.service\"\n\
                           [[action]]\nname = \"warm\"\nlevel = \"L1\"\nurl = \"http://127.0.0.1:1/warm\"\n\
                           [[action]]\nname = \"drain\"\ncommand = [\"shopctl\", \"drain\"]\n";
    let book = |step: &str| {
        let text = format!(
            "{WATCHED}\n{ACTIONS}[[runbook]]\nname = \"r\"\ntarget = \"api\"\nlevel = \"L2\"\n[[runbook.step]]\n"
        );
        own(&file(&format!("{text}{step}"))).pop().unwrap()
    };
    for (step, name) in [
        ("unit = \"api.service\"", Some("restart-api")),
        ("unit = \"api.service\"\nverb = \"stop\"", Some("restart-api")),
        ("look = \"service api\"\n[runbook.step.undo]\nunit = \"api.service\"", Some("restart-api")),
        ("url = \"http://127.0.0.1:1/warm\"", Some("warm")),
        ("command = [\"shopctl\", \"drain\"]", Some("drain")),
        ("unit = \"api.service\"\nverb = \"start\"", None),
        ("unit = \"api.service\"\nverb = \"status\"", None),
        ("unit = \"other.service\"", None),
        ("unit = \"api.service\"\nssh = \"web1\"", None),
        ("url = \"http://127.0.0.1:1/warm\"\nmethod = \"DELETE\"", None),
        ("command = [\"shopctl\", \"fill\"]", None),
    ] {
        let book = book(step);
        for entry in ["restart-api", "warm", "drain"] {
            let policy = Policy { second_person: vec![entry.to_owned()], ..Policy::default() };
            assert_eq!(policy.wants_second_person(&book), name == Some(entry), "{entry}: {step}");
        }
    }
}
