//! What an action is given when it is asked for: each table strictly read, each name where it makes sense.

use quarterdeck::remediation::action::Plan;

use super::{file, refused, resolved};

fn action(parameters: &str, more: &str) -> String {
    format!(
        "[[action]]\nname = \"a\"\nurl = \"http://127.0.0.1:1/x/{{id}}\"\nlevel = \"L1\"\nparameter = [{parameters}]\n{more}"
    )
}

#[test]
fn a_parameter_is_read_strictly() {
    let id = "{ name = \"id\", type = \"integer\" }";
    let own = resolved(&file(&action(id, ""))).resolved.actions.own;
    assert!(matches!(&own[0].plan, Plan::Wanting(wanting) if wanting.parameters.len() == 1), "{own:?}");
    for (parameters, why) in [
        ("", "id"),
        ("{ type = \"integer\" }", "every parameter has a name"),
        ("{ name = \"Id\", type = \"integer\" }", "small letters"),
        ("{ name = \"id\", type = \"intger\" }", "did you mean \"integer\"?"),
        ("{ name = \"id\" }", "missing: type"),
        ("{ name = \"id\", type = \"text\", length = 5 }", "no such key \"length\""),
        ("{ name = \"id\", type = \"text\", longest = 0 }", "longest is 1 to"),
        ("{ name = \"id\", type = \"uuid\", longest = 5 }", "only with type = \"text\""),
        ("{ name = \"id\", type = \"integer\", default = \"x\" }", "it is a whole number"),
        ("{ name = \"id\", type = \"integer\", default = \"1\", optional = true }", "exclude each other"),
        ("{ name = \"id\", one_of = [] }", "1 to 50"),
        ("{ name = \"id\", type = \"integer\", one_of = [\"a\"] }", "instead of type"),
        ("{ name = \"id\", type = \"integer\" }, { name = \"id\", type = \"text\" }", "there are two named id"),
        ("{ name = \"id\", type = \"integer\" }, { name = \"idle\", type = \"text\" }", "it stands nowhere"),
        ("{ name = \"ids\", type = \"integer\" }", "{id}: no such parameter is declared; did you mean \"ids\"?"),
        ("{ name = \"id\", type = \"integer\", optional = true }", "needs a default"),
    ] {
        let told = refused(&file(&action(parameters, ""))).join("\n");
        assert!(told.contains(why), "{parameters}: {told}");
    }
    let body = refused(&file(&action(id, "body = 'id={id}'"))).join("\n");
    assert!(body.contains("only in a body that is JSON"), "{body}");
}

#[test]
fn a_statement_never_holds_a_value() {
    let runbook = |sql: &str, binds: &str| {
        format!(
            "[[database]]\nname = \"main\"\nurl = \"postgresql://ops@127.0.0.1/shop\"\n[[runbook]]\nname = \"r\"\ntarget = \"main\"\nlevel = \"L2\"\n[[runbook.parameter]]\nname = \"id\"\ntype = \"integer\"\n[[runbook.step]]\nstatement = \"{sql}\"\nbinds = [{binds}]\n"
        )
    };
    assert!(matches!(
        resolved(&file(&runbook("UPDATE t SET a = 1 WHERE id = $1", "\"{id}\""))).resolved.actions.own[0].plan,
        Plan::Wanting(_)
    ));
    let told = refused(&file(&runbook("UPDATE t SET a = 1 WHERE id = {id}", ""))).join("\n");
    assert!(told.contains("never stands in the text of a statement"), "{told}");
}

#[test]
fn what_must_hold_before_is_declared_in_the_grammar_of_thresholds() {
    let text = |requires: &str| {
        format!(
            "[[signal]]\nname = \"pool\"\nurl = \"http://127.0.0.1:1/pool\"\npointer = \"/used\"\nunit = \"%\"\n[[service]]\nname = \"api\"\nurl = \"http://127.0.0.1:1/health\"\n[[action]]\nname = \"a\"\nurl = \"http://127.0.0.1:1/x\"\nlevel = \"L1\"\nrequires = [{requires}]\n"
        )
    };
    let own = resolved(&file(&text("\"signal pool < 90 %\""))).resolved.actions.own;
    let words: Vec<String> =
        own[0].preconditions.iter().map(|wanted| format!("{} {}", wanted.name, wanted.threshold)).collect();
    assert_eq!(words, ["pool < 90 %"]);
    for (requires, why) in [
        ("\"signal pol < 90 %\"", "there is no signal named"),
        ("\"signal pool\"", "what must hold is missing"),
        ("\"signal pool < 90 % for 5m\"", "without \"for\""),
        ("\"service api ok\"", "wait = \"service NAME ok\""),
        ("\"pool < 90 %\"", "begins with"),
    ] {
        let told = refused(&file(&text(requires))).join("\n");
        assert!(told.contains(why), "{requires}: {told}");
    }
}

#[test]
fn a_name_stands_for_a_parameter_and_no_secret_is_one() {
    let told =
        refused(&file(&action("{ name = \"id\", type = \"integer\" }, { name = \"password\", type = \"text\" }", "")))
            .join("\n");
    assert!(told.contains("password names a secret"), "{told}");
    let bare = "[[action]]\nname = \"a\"\nurl = \"http://127.0.0.1:1/x/{id}\"\nlevel = \"L1\"\n";
    let told = refused(&file(bare)).join("\n");
    assert!(told.contains("{id}: no parameter is declared"), "{told}");
}

/// A runbook whose one step has these keys, with the parameters `id` and `name`.
fn stepped(step: &str) -> String {
    format!(
        "[[database]]\nname = \"main\"\nurl = \"postgresql://ops@127.0.0.1/shop\"\n[[cache]]\nname = \"redis\"\nredis = \"redis://127.0.0.1:1\"\n[[runbook]]\nname = \"r\"\ntarget = \"main\"\n[[runbook.parameter]]\nname = \"id\"\ntype = \"integer\"\n[[runbook.step]]\nmanual = \"{{id}}\"\n[[runbook.step]]\n{step}\n"
    )
}

#[test]
fn a_name_that_stands_for_nothing_is_told_where_it_stands() {
    for (step, key, line) in [
        ("url = \"http://127.0.0.1:1/x\"\nbody = '{\"a\": \"{idd}\"}'", "body", 17),
        ("url = \"http://127.0.0.1:1/x\"\nbody = '{\"a\": [\"for {idd} only\"]}'", "body", 17),
        ("url = \"http://127.0.0.1:1/x\"\nbody = '{\"{idd}\": 1}'", "body", 17),
        ("url = \"http://127.0.0.1:1/x\"\nbody = 'a={idd}'", "body", 17),
        ("url = \"http://127.0.0.1:1/x/{idd}\"", "url", 16),
        ("url = \"http://127.0.0.1:1/x?a={idd}\"", "url", 16),
        ("url = \"http://127.0.0.1:1/x\"\nheaders = { \"X-A\" = \"{idd}\" }", "headers", 17),
        ("command = [\"ctl\", \"{idd}\"]", "command", 16),
        ("redis = [\"DEL\", \"a:{idd}\"]", "redis", 16),
        ("statement = \"UPDATE t SET a = $1\"\nbinds = [\"{idd}\"]", "binds", 17),
        ("manual = \"call {idd}\"", "manual", 16),
        ("pause = \"1s\"\ntitle = \"for {idd}\"", "title", 17),
    ] {
        let told = refused(&file(&stepped(step))).join("\n");
        assert!(told.contains("{idd}: no such parameter is declared; did you mean \"id\"?"), "{step}: {told}");
        assert!(told.contains(key) && told.contains(&format!(":{line}")), "{step}: {told}");
    }
}

#[test]
fn braces_that_stand_for_themselves_are_doubled() {
    let step = "url = \"http://127.0.0.1:1/x/{{a}}\"\nbody = '{\"a\": \"{{a}} {1,2} {A}\", \"n\": {\"m\": {}}}'\n[[runbook.step]]\nredis = [\"DEL\", \"{{user}}:{id}\"]\n[[runbook.step]]\nquery = \"SELECT '{id2}'::text[]\"\n";
    let own = resolved(&file(&stepped(step))).resolved.actions.own;
    let Plan::Wanting(wanting) = &own[0].plan else { panic!("{own:?}") };
    let given = [("id".to_owned(), "7".to_owned())];
    let filled =
        quarterdeck::remediation::parameter::filled(&wanting.plan, &wanting.parameters, &given, false).unwrap();
    let plan = format!("{:?}", filled.plan);
    for part in
        [r#"{\"a\":\"{a} {1,2} {A}\",\"n\":{\"m\":{}}}"#, r#""{user}:7""#, "/x/%7Ba%7D", "SELECT '{id2}'::text[]"]
    {
        assert!(plan.contains(part), "{part}: {plan}");
    }
}

#[test]
fn a_step_requires_in_the_same_grammar() {
    let text = |requires: &str| {
        format!(
            "[[signal]]\nname = \"pool\"\nurl = \"http://127.0.0.1:1/pool\"\npointer = \"/used\"\nunit = \"%\"\n[[runbook]]\nname = \"r\"\ntarget = \"api\"\nlevel = \"L2\"\n[[runbook.step]]\ncommand = [\"true\"]\nrequires = [{requires}]\n"
        )
    };
    let own = resolved(&file(&text("\"signal pool < 90 %\""))).resolved.actions.own;
    let Plan::Runbook(runbook) = &own[0].plan else { panic!("{own:?}") };
    let words: Vec<String> =
        runbook.steps[0].requires.iter().map(|wanted| format!("{} {}", wanted.name, wanted.threshold)).collect();
    assert_eq!(words, ["pool < 90 %"]);
    assert!(own[0].preconditions.is_empty(), "it is the step's own");
    for (requires, why) in
        [("\"signal pol < 90 %\"", "there is no signal named"), ("\"signal pool < 90 % for 5m\"", "without \"for\"")]
    {
        let told = refused(&file(&text(requires))).join("\n");
        assert!(told.contains(why) && told.contains("step 1.requires"), "{requires}: {told}");
    }
    let undo = format!("{}[runbook.step.undo]\ncommand = [\"true\"]\nrequires = []\n", text(""));
    assert!(refused(&file(&undo)).join("\n").contains("means nothing in what undoes a step"));
}

#[test]
fn a_counter_is_a_rate_in_the_unit_of_its_total() {
    let text = |more: &str| {
        format!("[[signal]]\nname = \"s\"\nurl = \"http://127.0.0.1:1/x\"\npointer = \"/n\"\ncounter = true\n{more}")
    };
    for (more, unit) in [("", "/s"), ("unit = \"requests\"", "requests/s"), ("unit = \"req/s\"", "req/s")] {
        let signals = resolved(&file(&text(more))).resolved.signals;
        assert!(signals[0].counter && signals[0].unit.0.as_str() == unit, "{more}: {signals:?}");
    }
    assert!(refused(&file(&text("unit = \"%\""))).join("\n").contains("a counter counts something"));
    let load = "[[signal]]\nname = \"s\"\nload = true\ncounter = true\n";
    assert!(!refused(&file(load)).is_empty(), "the load of a host is no total");
}
