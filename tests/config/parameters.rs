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
        ("{ name = \"id\", type = \"integer\" }, { name = \"idle\", type = \"text\" }", "idle stands nowhere"),
        ("{ name = \"ids\", type = \"integer\" }", "did you mean \"ids\"?"),
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
