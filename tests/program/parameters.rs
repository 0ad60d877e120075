//! What an action is given beside its name: whom it means, and what is refused instead of being guessed.

use quarterdeck::app::actions::{headless, parameters};
use quarterdeck::remediation::action::{Action, Databases, Plan, SessionSelector};

use super::World;
use super::acting::armed;

fn asked(world: &World, typed: &str) -> Result<Action, String> {
    let asked = parameters::asked(typed).map_err(|why| why.to_string())?;
    let action = headless::find(&world.model, &asked.action, asked.target.as_deref()).map_err(|why| why.to_string())?;
    parameters::narrowed(action, &asked.parameters, world.model.screen.redact).map_err(|why| why.to_string())
}

fn databases(action: &Action) -> &Databases {
    match &action.plan {
        Plan::Sessions { selector: SessionSelector::Idle { databases, .. }, .. } => databases,
        other => panic!("{other:?}"),
    }
}

#[test]
fn idle_sessions_are_those_of_one_database_unless_every_one_is_said() {
    let world = armed("staging");
    let plain = asked(&world, "terminate-idle").unwrap();
    assert_eq!(databases(&plain), &Databases::Present);
    let named = asked(&world, "terminate-idle on main with database=reports user=web").unwrap();
    assert_eq!(databases(&named), &Databases::Named("reports".to_owned()));
    assert!(named.title.as_str().ends_with("(database reports, user web)"), "{}", named.title);
    let every = asked(&world, "terminate-idle with every_database=true").unwrap();
    assert_eq!(databases(&every), &Databases::Every);
    for (given, why) in [
        ("database=", "never everybody"),
        ("database=*", "every_database=true means every database"),
        ("database=shop_*", "it is one name"),
        ("every_database=", "never everybody"),
        ("every_database=yes", "it takes only true"),
        ("every_database=false", "it takes only true"),
        ("database=a every_database=true", "contradict each other"),
        ("every_database=true database=a", "contradict each other"),
        ("databse=a", "did you mean \"database\"?"),
    ] {
        let refused = asked(&world, &format!("terminate-idle with {given}")).unwrap_err();
        assert!(refused.contains(why), "{given}: {refused}");
    }
    let refused = asked(&world, "terminate-idle-in-transaction with database=a").unwrap_err();
    assert!(refused.contains("it takes older_than"), "{refused}");
}

fn with_parameters() -> World {
    World::new(
        r#"
        [[database]]
        name = "main"
        url = "postgresql://ops@db.example.com/app"
        environment = "staging"
        [[action]]
        name = "rerun"
        url = "http://127.0.0.1:1/plans/{plan}/rerun"
        body = '{"mode": "{mode}"}'
        level = "L2"
        parameter = [{ name = "plan", type = "uuid", doc = "which plan" }, { name = "mode", one_of = ["all", "failed"], default = "failed" }]
        [[runbook]]
        name = "disable-webhook"
        target = "main"
        level = "L2"
        [[runbook.parameter]]
        name = "webhook"
        type = "integer"
        [[runbook.step]]
        title = "disable webhook {webhook}"
        statement = "UPDATE webhooks SET is_active = false WHERE id = $1"
        binds = ["{webhook}"]
        [actions]
        allow = true
        "#,
    )
}

const PLAN: &str = "123e4567-e89b-12d3-a456-426614174000";

#[test]
fn a_team_s_own_action_is_given_values_of_their_types() {
    let world = with_parameters();
    let given = asked(&world, &format!("rerun with plan={PLAN}")).unwrap();
    let plan = format!("{:?}", given.plan);
    assert!(plan.contains(&format!("/plans/{PLAN}/rerun")) && plan.contains(r#"{\"mode\":\"failed\"}"#), "{plan}");
    assert!(given.title.as_str().contains(&format!("plan {PLAN}")), "{}", given.title);
    let disabled = asked(&world, "disable-webhook with webhook=42").unwrap();
    let plan = format!("{:?}", disabled.plan);
    assert!(plan.contains(r#"binds: ["42"]"#) && plan.contains("disable webhook 42"), "{plan}");
    for (typed, why) in [
        ("rerun".to_owned(), "rerun needs plan (a UUID: which plan)"),
        ("rerun with plan=42".to_owned(), "it is a UUID"),
        ("rerun with plan=".to_owned(), "plan is empty"),
        (format!("rerun with plan={PLAN} mode=some"), "it is one of all, failed"),
        (format!("rerun with plna={PLAN}"), "did you mean \"plan\"?"),
        ("disable-webhook with webhook=1 OR 1".to_owned(), "it is a whole number"),
    ] {
        let refused = asked(&world, &typed).unwrap_err();
        assert!(refused.contains(why), "{typed}: {refused}");
    }
}

#[test]
fn the_menu_asks_for_what_an_action_has_to_be_given() {
    let mut world = with_parameters();
    let all = quarterdeck::app::actions::catalogue::all(&world.model);
    let at = all.iter().position(|action| action.id.as_str() == "rerun").unwrap();
    world.press("a");
    for _ in 0..at {
        world.press("j");
    }
    world.press("Enter");
    assert!(world.message().contains("plan (a UUID: which plan)"), "{}", world.message());
    world.write("123e4567");
    world.press("Enter");
    assert!(world.message().contains("it is a UUID") && world.model.view.overlays.is_empty(), "{}", world.message());
    world.press(":");
    world.write(&format!("act rerun on 127.0.0.1 with plan={PLAN}"));
    world.press("Enter");
    let card = headless::card(&world.model).expect("a card");
    let lines = headless::lines(&world.model, card);
    let text = lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(text.contains(&format!("/plans/{PLAN}/rerun")), "{text}");
}

#[test]
fn another_value_is_another_consent() {
    let world = with_parameters();
    let digest = |value: &str| {
        let action = asked(&world, &format!("disable-webhook with webhook={value}")).unwrap();
        let preview = quarterdeck::remediation::card::Preview::default();
        quarterdeck::remediation::card::Card::new(action, preview, Vec::new(), world.model.now).digest().hex()
    };
    assert_ne!(digest("1"), digest("2"));
    assert_eq!(digest("1"), digest("01"), "the same number");
}

#[test]
fn a_statement_is_named_by_its_number() {
    use quarterdeck::domain::statement::StatementId;
    use quarterdeck::remediation::explain::Explained;
    let world = armed("staging");
    let action = asked(&world, "explain on main with query=-5321").unwrap();
    let Plan::Explain { of, .. } = action.plan else { panic!("{:?}", action.plan) };
    assert_eq!(of, Explained::Kept(StatementId::bare(-5321)));
    for given in ["query=0", "query=SELECT 1", "query="] {
        assert!(asked(&world, &format!("explain on main with {given}")).is_err(), "{given}");
    }
}
