//! What an action is given beside its name: whom it means, and what is refused instead of being guessed.

use quarterdeck::app::actions::{headless, parameters};
use quarterdeck::remediation::action::{Action, Databases, Plan, SessionSelector};

use super::World;
use super::acting::armed;

fn asked(world: &World, typed: &str) -> Result<Action, String> {
    let asked = parameters::asked(typed).map_err(|why| why.to_string())?;
    let action = headless::find(&world.model, &asked.action, asked.target.as_deref()).map_err(|why| why.to_string())?;
    parameters::narrowed(action, &asked.parameters).map_err(|why| why.to_string())
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
